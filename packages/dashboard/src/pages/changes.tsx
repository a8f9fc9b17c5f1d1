export function ChangesPage() {
  return <h1 tabIndex={-1}>Changes</h1>
}
