export function ContainerPage({ vmid }: { readonly vmid: number }) {
  return <h1 tabIndex={-1}>Container {vmid}</h1>
}
