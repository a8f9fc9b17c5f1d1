import type { OverviewHead } from '@lxc-autoscale/core'
import { coresNumber, coresText, memoryText } from '../format.ts'

type Resource = OverviewHead['cores']

/** The host: what it has, what of it is given and used, and what was freed. */
export function HostCards({ head }: { readonly head: OverviewHead }) {
  const { cores, memory_mb: memory, freed_since_install: sinceInstall, freed_last_7_days: lastDays } = head
  return (
    <section class="host" aria-label="Host">
      <ResourceCard name="Cores" kind="cpu" resource={cores} write={coresNumber} />
      <ResourceCard name="Memory" kind="memory" resource={memory} write={memoryText} />
      <div class="card">
        <h2>Since it was installed</h2>
        <p class="lead">
          <Freed amount={sinceInstall.cores} write={coresText} />,{' '}
          <Freed amount={sinceInstall.memory_mb} write={memoryText} />
        </p>
        <p class="hint">
          in the last 7 days <Freed amount={lastDays.cores} write={coresText} />,{' '}
          <Freed amount={lastDays.memory_mb} write={memoryText} />
        </p>
      </div>
    </section>
  )
}

interface ResourceCardProps {
  readonly name: string
  readonly kind: 'cpu' | 'memory'
  readonly resource: Resource
  readonly write: (amount: number | null) => string
}

function ResourceCard({ name, kind, resource, write }: ResourceCardProps) {
  const { total, given, used, available, reserved } = resource
  return (
    <div class={`card ${kind}-coloured`}>
      <h2>{name}</h2>
      <p class="lead">
        {write(used)} <small>used of</small> {write(given)} <small>given, the host has</small> {write(total)}
      </p>
      <Stack resource={resource} />
      <dl>
        <Figure className="swatch-used" name="used" text={write(used)} />
        <Figure className="swatch-given" name="given" text={`${write(given)}${shareText(given, total)}`} />
        {reserved !== null && (
          <Figure className="swatch-reserved" name="reserved for the host" text={write(reserved)} />
        )}
        {available !== null && <Figure className="bare" name="available" text={write(available)} />}
      </dl>
    </div>
  )
}

/** What is given may be more than there is: then the end of the host is marked within. */
function Stack({ resource: { total, given, used, reserved } }: { readonly resource: Resource }) {
  const whole = Math.max(total ?? 0, given ?? 0)
  if (whole <= 0) return null
  const width = (amount: number | null) => `${Math.min(100, (100 * (amount ?? 0)) / whole)}%`
  return (
    <div class="stack" aria-hidden="true">
      <span class="given" style={{ width: width(given) }} />
      <span class="used" style={{ width: width(used) }} />
      {reserved !== null && (
        <span
          class="reserved"
          style={{ width: width(reserved), right: `${100 - (100 * (total ?? whole)) / whole}%` }}
        />
      )}
      {total !== null && whole > total && <span class="end" style={{ left: width(total) }} />}
    </div>
  )
}

function Figure({
  className,
  name,
  text,
}: {
  readonly className: string
  readonly name: string
  readonly text: string
}) {
  return (
    <div>
      <dt class={className}>{name}</dt>
      <dd>{text}</dd>
    </div>
  )
}

function shareText(given: number | null, total: number | null): string {
  return given === null || total === null || total === 0 ? '' : ` (${Math.round((100 * given) / total)} %)`
}

/** Less than nothing: more was given than before. */
function Freed({ amount, write }: { readonly amount: number; readonly write: (amount: number) => string }) {
  return (
    <span class="freed">
      {write(Math.abs(amount))} <small>{amount < 0 ? 'more given' : 'freed'}</small>
    </span>
  )
}
