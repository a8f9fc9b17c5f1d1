export function DocsPage() {
  return <h1 tabIndex={-1}>Docs</h1>
}
