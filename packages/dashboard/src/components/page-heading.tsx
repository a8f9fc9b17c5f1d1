import { visibleText } from '@lxc-autoscale/core/browser'
import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { wasEntered } from '../router.ts'

interface PageHeadingProps {
  /** What the window is called. */
  readonly title: string
  readonly children: ComponentChildren
}

/** The heading of a page. Whoever came here by a link has the focus on it, so that a screen reader says where they are. */
export function PageHeading({ title, children }: PageHeadingProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${visibleText(title)} · LXC AutoScale`
  }, [title])
  useEffect(() => {
    if (wasEntered()) heading.current?.focus({ preventScroll: true })
  }, [])
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children}
    </h1>
  )
}
