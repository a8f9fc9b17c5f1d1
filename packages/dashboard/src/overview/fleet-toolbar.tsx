import type { ContainerState, OverviewRow } from '@lxc-autoscale/core'
import { visibleText } from '@lxc-autoscale/core/browser'
import { Glyph } from '../components/glyph.tsx'
import { MenuButton } from '../components/menu.tsx'
import { countStates, type FleetView, USUAL_SORT } from '../fleet-view.ts'
import { setQuery } from '../router.ts'
import { mayChange } from '../session.ts'
import { STATE_LOOKS, stateRank } from '../states.ts'
import { FLEET_ACTIONS } from './row-actions.ts'

interface FleetToolbarProps {
  readonly rows: readonly OverviewRow[]
  readonly shown: number
  readonly view: FleetView
}

/** What of the containers is shown. */
export function FleetToolbar({ rows, shown, view }: FleetToolbarProps) {
  const tags = distinct(rows.flatMap(row => row.tags))
  const tiers = distinct(rows.flatMap(({ tier }) => (tier === null ? [] : [tier])))
  const counts = countStates(rows)
  const states = [...counts.keys()]
    .sort((a, b) => stateRank(a) - stateRank(b))
    .map((state): Option => [state, `${STATE_LOOKS[state].word} (${counts.get(state)})`])
  return (
    <search class="toolbar">
      <label class="unseen" for="find">
        Find by name, number or tag
      </label>
      <input
        id="find"
        type="search"
        placeholder="Find by name, number or tag"
        value={view.text}
        onInput={event => setQuery({ q: event.currentTarget.value })}
      />
      <div class="selects">
        <Select name="state" none="any state" options={states} value={[...view.states].join(',')} isNarrow />
        <Select name="tag" none="any tag" options={same(tags)} value={view.tag} />
        <Select name="tier" none="any tier" options={same(tiers)} value={view.tier} />
        <Select
          name="sort"
          none="by number"
          options={SORTS}
          value={view.sort === USUAL_SORT ? '' : sortText(view)}
          isNarrow
        />
      </div>
      <StateChips counts={counts} view={view} />
      <div class="end">
        <span class="hint" role="status">
          {shown === rows.length ? '' : `${shown} of `}
          {rows.length} {rows.length === 1 ? 'container' : 'containers'}
        </span>
        {mayChange.value && (
          <MenuButton label="Actions for all containers" items={() => FLEET_ACTIONS}>
            All containers …
          </MenuButton>
        )}
      </div>
    </search>
  )
}

interface StateChipsProps {
  readonly counts: ReadonlyMap<ContainerState, number>
  readonly view: FleetView
}

function StateChips({ counts, view: { states } }: StateChipsProps) {
  const present = [...new Set([...counts.keys(), ...states])].sort((a, b) => stateRank(a) - stateRank(b))
  const toggle = (state: ContainerState) => {
    const next = new Set(states)
    if (!next.delete(state)) next.add(state)
    setQuery({ state: [...next].join(',') })
  }
  return (
    <fieldset class="chips">
      <legend class="unseen">States</legend>
      {present.map(state => (
        <button type="button" key={state} aria-pressed={states.has(state)} onClick={() => toggle(state)}>
          <span class={`tone-${STATE_LOOKS[state].tone}`}>
            <Glyph shape={STATE_LOOKS[state].shape} />
          </span>
          {STATE_LOOKS[state].word} <small>{counts.get(state) ?? 0}</small>
        </button>
      ))}
    </fieldset>
  )
}

type Option = readonly [value: string, words: string]

/** For a narrow screen, which has no heads of columns. */
const SORTS: readonly Option[] = [
  ['name', 'by name'],
  ['state', 'by state'],
  ['-cpu', 'by CPU'],
  ['-memory', 'by memory'],
  ['change', 'by last change'],
]

function sortText({ sort, isDescending }: FleetView): string {
  return `${isDescending ? '-' : ''}${sort}`
}

interface SelectProps {
  /** Of the query. */
  readonly name: 'state' | 'tag' | 'tier' | 'sort'
  readonly none: string
  readonly options: readonly Option[]
  readonly value: string
  /** Only where the screen is narrow: elsewhere there is something better. */
  readonly isNarrow?: boolean
}

function Select({ name, none, options, value, isNarrow = false }: SelectProps) {
  if (options.length === 0 && value === '') return null
  const isListed = value === '' || options.some(([each]) => each === value)
  const all = isListed ? options : [[value, value] as const, ...options]
  return (
    <label class={isNarrow ? 'narrow-only' : ''}>
      <span class="unseen">{name}</span>
      <select value={value} onChange={event => setQuery({ [name]: event.currentTarget.value })}>
        <option value="">{none}</option>
        {all.map(([each, words]) => (
          <option value={each} key={each}>
            {visibleText(words)}
          </option>
        ))}
      </select>
    </label>
  )
}

function same(values: readonly string[]): Option[] {
  return values.map(each => [each, each])
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)].sort((a, b) => a.localeCompare(b))
}
