import { visibleText } from '@lxc-autoscale/core/browser'

/** A text that others wrote: its own direction, and nothing in it unseen. */
export function Foreign({ text, title }: { readonly text: string; readonly title?: string }) {
  return <bdi {...(title === undefined ? {} : { title: visibleText(title) })}>{visibleText(text)}</bdi>
}
