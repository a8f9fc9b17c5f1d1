import { PageHeading } from '../components/page-heading.tsx'
import { ChangesView } from '../history/changes-view.tsx'
import { filtersOf, OUTCOMES } from '../history/filters.ts'
import { changes, rows } from '../live.ts'
import { navigate, place, setQuery } from '../router.ts'

/** All changes, newest first. What is filtered by stands in the URL. */
export function ChangesPage() {
  const { query } = place.value
  const filters = filtersOf(query)
  const set = (name: string) => (event: { currentTarget: HTMLInputElement | HTMLSelectElement }) =>
    setQuery({ [name]: event.currentTarget.value.trim(), page: undefined })
  const isFiltered = ['container', 'who', 'direction', 'outcome'].some(name => query.has(name))
  return (
    <>
      <PageHeading title="Changes">Changes</PageHeading>
      <search class="filters" aria-label="Which changes">
        <label>
          Container
          <input
            type="text"
            inputMode="numeric"
            list="known-containers"
            placeholder="number"
            autocomplete="off"
            value={query.get('container') ?? ''}
            onChange={set('container')}
          />
        </label>
        <datalist id="known-containers">
          {[...rows.value.values()].map(({ lxc_id: vmid, name }) => (
            <option value={vmid} key={vmid}>
              {name}
            </option>
          ))}
        </datalist>
        <label>
          By
          <input
            type="text"
            list="known-keys"
            placeholder="name of the key"
            autocomplete="off"
            value={filters.who ?? ''}
            onChange={set('who')}
          />
        </label>
        <datalist id="known-keys">
          {knownKeys().map(key => (
            <option value={key} key={key} />
          ))}
        </datalist>
        <label>
          Direction
          <select value={filters.direction ?? ''} onChange={set('direction')}>
            <option value="">any</option>
            <option value="up">more</option>
            <option value="down">less</option>
          </select>
        </label>
        <label>
          Outcome
          <select value={filters.outcome ?? ''} onChange={set('outcome')}>
            <option value="">any</option>
            {OUTCOMES.map(outcome => (
              <option value={outcome} key={outcome}>
                {outcome}
              </option>
            ))}
          </select>
        </label>
        <button
          type="button"
          disabled={!isFiltered}
          onClick={() =>
            setQuery({
              container: undefined,
              who: undefined,
              direction: undefined,
              outcome: undefined,
              page: undefined,
            })
          }
        >
          Show all
        </button>
      </search>
      <ChangesView label="Changes" filters={filters} hasContainers onPage={page => navigate(pageUrl(query, page))} />
    </>
  )
}

function pageUrl(query: URLSearchParams, page: number): string {
  const fields = new URLSearchParams(query)
  if (page === 0) fields.delete('page')
  else fields.set('page', String(page + 1))
  return `/changes?${fields}`.replace(/\?$/, '')
}

/** The names that the page has met. */
function knownKeys(): string[] {
  const last = [...rows.value.values()].flatMap(({ last_change: change }) => (change === null ? [] : [change.who]))
  return [...new Set([...last, ...changes.value.map(({ who }) => who.key)])].sort()
}
