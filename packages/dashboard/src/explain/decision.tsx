import type { ExplainBody } from '@lxc-autoscale/core'
import { knownText } from '@lxc-autoscale/core/browser'
import { Foreign } from '../components/text.tsx'
import { Time } from '../components/time.tsx'
import { changeText, coresText, memoryText, untilText } from '../format.ts'
import { nowMs } from '../live.ts'
import { type Hold, holdsOf, verdictText } from './explain-text.ts'

/** Why it has the size that it has. */
export function Decision({ explained }: { readonly explained: ExplainBody }) {
  const { decision, problem, policy, verdict, known } = explained
  return (
    <section aria-labelledby="decision" class="card decision">
      <h2 id="decision">Why this size</h2>
      <p>The model {knownText(known)}.</p>
      {problem !== null && (
        <p class="problem">
          <Foreign text={changeText(problem)} />
        </p>
      )}
      {decision === null ? (
        <p>Nothing was decided of it yet.</p>
      ) : (
        <>
          <Holds holds={holdsOf(decision)} />
          <h3>
            Last decision, <Time iso={decision.time} />
          </h3>
          <DecidedSizes decision={decision} />
          <ul>
            {decision.reasons.map(({ rule, text }) => (
              <li key={`${rule} ${text}`}>
                <Foreign text={changeText(text)} />
              </li>
            ))}
          </ul>
        </>
      )}
      {policy !== null && (
        <>
          <h3>What the policy looked at</h3>
          <ul>
            <li>
              CPU: <Foreign text={changeText(policy.cores)} />
            </li>
            <li>
              Memory: <Foreign text={changeText(policy.memory)} />
            </li>
          </ul>
        </>
      )}
      <h3>Is it unusual?</h3>
      <p>
        <Foreign text={verdictText(verdict)} />
      </p>
    </section>
  )
}

function Holds({ holds }: { readonly holds: readonly Hold[] }) {
  if (holds.length === 0) return <p>Nothing holds it: it has what was asked for.</p>
  return (
    <ul class="holds">
      {holds.map(({ resource, text, until }) => (
        <li key={resource}>
          <strong>{resource} held</strong>
          {until !== null && ` ${untilText(until, nowMs.value)}`}: <Foreign text={changeText(text)} />
        </li>
      ))}
    </ul>
  )
}

function DecidedSizes({ decision: { from, wanted, to } }: { readonly decision: NonNullable<ExplainBody['decision']> }) {
  const rows = [
    ['It has', from],
    ['The policy asked for', wanted],
    ['Decided', to],
  ] as const
  return (
    <table class="sizes" aria-label="The last decision">
      <thead>
        <tr>
          <td />
          <th scope="col">CPU</th>
          <th scope="col">Memory</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(([title, { cores, memory_mb: memoryMb }]) => (
          <tr key={title}>
            <th scope="row">{title}</th>
            <td>{coresText(cores)}</td>
            <td>{memoryText(memoryMb)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
