import type { OverviewHead } from '@lxc-autoscale/core'
import { visibleText } from '@lxc-autoscale/core/browser'
import { Glyph, type Shape } from '../components/glyph.tsx'
import { PageHeading } from '../components/page-heading.tsx'
import { Foreign } from '../components/text.tsx'

const SHAPES = { deciding: 'dot', idle: 'pause', stuck: 'warning' } as const satisfies Record<string, Shape>

/** How many there are is said beside it, with how many of them are looked after. */
const COUNTED = /, \d+ containers?\b/

/** One line that says it all. */
export function VerdictLine({ head }: { readonly head: OverviewHead }) {
  const { node, verdict, looked_after: lookedAfter, containers, paused } = head
  return (
    <div class="verdict">
      <PageHeading title={node ?? 'Overview'}>
        <Foreign text={node ?? 'This host'} />
      </PageHeading>
      {verdict !== null && (
        <p class={verdict.state}>
          <Glyph shape={SHAPES[verdict.state]} />
          {visibleText(verdict.text.replace(COUNTED, ''))}
        </p>
      )}
      <p class="hint">
        {lookedAfter} of {containers} {containers === 1 ? 'container' : 'containers'} looked after
        {paused > 0 && `, ${paused} paused`}
      </p>
    </div>
  )
}
