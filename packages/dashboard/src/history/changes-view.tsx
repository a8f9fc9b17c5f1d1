import { useEffect } from 'preact/hooks'
import { ChangeList } from './change-list.tsx'
import { type Filters, PAGE_ENTRIES } from './filters.ts'
import { useChanges } from './use-changes.ts'

interface ChangesViewProps {
  readonly label: string
  readonly filters: Filters
  readonly hasContainers: boolean
  readonly onPage: (page: number) => void
}

/** Whoever has scrolled further down is reading: nothing is moved from under them. */
const TOP_PX = 80

/** Changes page by page. New ones come to the top by themselves, unless somebody reads further down. */
export function ChangesView({ label, filters, hasContainers, onPage }: ChangesViewProps) {
  const { entries, hasMore, fresh, problem, isLoading, takeFresh } = useChanges(filters)
  const { page } = filters
  const freshCount = fresh.length
  useEffect(() => {
    const isReading = page > 0 || scrollY > TOP_PX || document.querySelector('dialog[open]') !== null
    if (freshCount > 0 && !isReading) takeFresh()
  }, [freshCount, page])
  const showFresh = () => {
    takeFresh()
    if (page > 0) onPage(0)
  }
  return (
    <div class="changes-view" aria-busy={isLoading}>
      <p role="status" class="fresh">
        {freshCount > 0 && (
          <button type="button" onClick={showFresh}>
            {freshCount} new {freshCount === 1 ? 'change' : 'changes'}
          </button>
        )}
      </p>
      {problem !== undefined && (
        <p role="alert" class="problem">
          {problem}
        </p>
      )}
      {entries.length > 0 && <ChangeList label={label} entries={entries} hasContainers={hasContainers} />}
      {entries.length === 0 && !isLoading && problem === undefined && <p class="hint">There are no such changes.</p>}
      {(page > 0 || hasMore) && (
        <nav class="pager" aria-label="Older and newer">
          <button type="button" disabled={page === 0} onClick={() => onPage(page - 1)}>
            Newer
          </button>
          <span>
            {page * PAGE_ENTRIES + 1} to {page * PAGE_ENTRIES + entries.length}
          </span>
          <button type="button" disabled={!hasMore} onClick={() => onPage(page + 1)}>
            Older
          </button>
        </nav>
      )}
    </div>
  )
}
