import { rows } from '../live.ts'

export function OverviewPage() {
  return (
    <>
      <h1 tabIndex={-1}>Overview</h1>
      <p>{rows.value.size} containers</p>
    </>
  )
}
