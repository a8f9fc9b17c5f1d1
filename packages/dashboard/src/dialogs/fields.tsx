import { MS_PER_SECOND } from '@lxc-autoscale/core/browser'

/** Longest reason that the API takes. */
const MOST_CHARACTERS = 500

const HOUR_SECONDS = 3_600
export const FOR_GOOD = 'good'

const LENGTHS: readonly (readonly [value: string, words: string])[] = [
  [String(HOUR_SECONDS / 60), '1 minute'],
  [String(HOUR_SECONDS / 6), '10 minutes'],
  [String(HOUR_SECONDS / 2), '30 minutes'],
  [String(HOUR_SECONDS), '1 hour'],
  [String(2 * HOUR_SECONDS), '2 hours'],
  [String(8 * HOUR_SECONDS), '8 hours'],
  [String(24 * HOUR_SECONDS), '1 day'],
  [String(72 * HOUR_SECONDS), '3 days'],
  [String(168 * HOUR_SECONDS), '7 days'],
]

interface LengthFieldProps {
  readonly label: string
  readonly value: string
  readonly withForGood?: boolean
  readonly onChange: (value: string) => void
}

/** A choice of how long; the value is seconds, or FOR_GOOD. */
export function LengthField({ label, value, withForGood = false, onChange }: LengthFieldProps) {
  return (
    <div class="field">
      <label for="length">{label}</label>
      <select id="length" value={value} onChange={event => onChange(event.currentTarget.value)}>
        {LENGTHS.map(([seconds, words]) => (
          <option value={seconds} key={seconds}>
            {words}
          </option>
        ))}
        {withForGood && <option value={FOR_GOOD}>for good, until it is resumed</option>}
      </select>
    </div>
  )
}

/** When a length that begins now ends, ISO 8601; `forever` of what has no end. */
export function endOf(length: string, nowMs: number): string {
  return length === FOR_GOOD ? 'forever' : new Date(nowMs + Number(length) * MS_PER_SECOND).toISOString()
}

interface ReasonFieldProps {
  readonly value: string
  readonly onChange: (value: string) => void
}

export function ReasonField({ value, onChange }: ReasonFieldProps) {
  return (
    <div class="field">
      <label for="reason">Why (optional; kept in the audit log)</label>
      <input
        id="reason"
        value={value}
        maxLength={MOST_CHARACTERS}
        autocomplete="off"
        onInput={event => onChange(event.currentTarget.value)}
      />
    </div>
  )
}

/** A field of a request that is left out when it is empty. */
export function reasonOf(text: string): { readonly reason?: string } {
  return text.trim() === '' ? {} : { reason: text.trim() }
}
