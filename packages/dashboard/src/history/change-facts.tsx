import type { HistoryEntryBody } from '@lxc-autoscale/core'
import { whoText } from '@lxc-autoscale/core/browser'
import { Foreign } from '../components/text.tsx'
import { Time } from '../components/time.tsx'
import { changeText } from '../format.ts'
import { entryText } from './change-steps.ts'
import { UndoButton } from './undo-button.tsx'

interface ChangeFactsProps {
  readonly entry: HistoryEntryBody
  readonly beforeUndo: () => void
}

/** One change, told in full. */
export function ChangeFacts({ entry, beforeUndo }: ChangeFactsProps) {
  const { time, why, outcome, message } = entry
  return (
    <article class="change-facts">
      <h3>
        <Foreign text={entryText(entry)} />
      </h3>
      <p>
        <Time iso={time} /> by <Foreign text={whoText(entry)} />
        {outcome !== 'applied' && <strong> {outcome}</strong>}
      </p>
      <p>
        <Foreign text={changeText(why ?? message)} />
      </p>
      {why !== null && outcome !== 'applied' && outcome !== 'unchanged' && (
        <p>
          <Foreign text={changeText(message)} />
        </p>
      )}
      <UndoButton entry={entry} beforeUndo={beforeUndo} />
    </article>
  )
}
