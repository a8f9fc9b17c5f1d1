import { visibleText } from '@lxc-autoscale/core/browser'
import type { ComponentChildren } from 'preact'
import type { Preview } from './use-preview.ts'

/** What will happen, or why it will not. */
export function PreviewBox({
  preview,
  children,
}: {
  readonly preview: Preview<unknown>
  readonly children?: ComponentChildren
}) {
  if (preview.state === 'none') return null
  return (
    <div class={preview.state === 'refused' ? 'preview bad' : 'preview'} aria-live="polite">
      <h3>{preview.state === 'refused' ? 'This would be refused' : 'What will happen'}</h3>
      {preview.state === 'asking' && <p>One moment …</p>}
      {preview.state === 'refused' && <p>{visibleText(preview.message)}</p>}
      {preview.state === 'would' && (children ?? <p>{visibleText(preview.answer.message)}</p>)}
    </div>
  )
}
