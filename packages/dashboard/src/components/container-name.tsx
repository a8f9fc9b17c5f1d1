import { rows } from '../live.ts'
import { Foreign } from './text.tsx'

/** A container as people call it: its number, and its name where it is known. */
export function ContainerName({ vmid }: { readonly vmid: number }) {
  const name = rows.value.get(vmid)?.name ?? null
  return (
    <>
      {vmid}
      {name !== null && (
        <>
          {' '}
          <Foreign text={name} />
        </>
      )}
    </>
  )
}
