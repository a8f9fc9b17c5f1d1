import { visibleText } from '@lxc-autoscale/core/browser'
import { useState } from 'preact/hooks'
import { announce } from '../announcements.ts'

/** A command that can be copied. */
export function Command({ text }: { readonly text: string }) {
  const [isCopied, setCopied] = useState(false)
  const copy = () =>
    copyText(text).then(
      () => setCopied(true),
      () => announce('This browser does not let the page copy; select the command instead.'),
    )
  return (
    <span class="command">
      <code>{visibleText(text)}</code>
      <button type="button" class="plain" onClick={copy} aria-label={`Copy ${visibleText(text)}`}>
        {isCopied ? 'Copied' : 'Copy'}
      </button>
    </span>
  )
}

/** The clipboard is there only over TLS and on the loopback address. */
async function copyText(text: string): Promise<void> {
  if (navigator.clipboard === undefined) throw new Error('no clipboard')
  await navigator.clipboard.writeText(text)
}
