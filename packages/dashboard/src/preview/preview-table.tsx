import type { PreviewedContainer, PreviewedResource } from '@lxc-autoscale/core'
import { lastingText, MS_PER_SECOND } from '@lxc-autoscale/core/browser'
import { Foreign } from '../components/text.tsx'
import { freedText, WRITERS } from './preview-text.ts'

/** All containers, a row each; the number leads to the curves. */
export function PreviewTable({ containers }: { readonly containers: readonly PreviewedContainer[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and a keyboard must be able to
    <section class="preview-table" tabIndex={0} aria-label="All containers">
      <table>
        <thead>
          <tr>
            <th scope="col">Container</th>
            <th scope="col">Cores had</th>
            <th scope="col">would have had</th>
            <th scope="col">Memory had</th>
            <th scope="col">would have had</th>
            <th scope="col">Too little</th>
            <th scope="col">Changes</th>
          </tr>
        </thead>
        <tbody>
          {containers.map(container => (
            <tr key={container.lxc_id}>
              <th scope="row">
                <a href={`#ct-${container.lxc_id}`}>
                  {container.lxc_id} <Foreign text={container.name} />
                </a>
              </th>
              <ResourceCells resource={container.cores} unit="cores" />
              <ResourceCells resource={container.memory_mb} unit="memory_mb" />
              <td class={briefText(container) === '' ? '' : 'short'}>{briefText(container) || 'never'}</td>
              <td>{container.changes}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

interface ResourceCellsProps {
  readonly resource: PreviewedResource
  readonly unit: keyof typeof WRITERS
}

function ResourceCells({ resource, unit }: ResourceCellsProps) {
  const write = WRITERS[unit]
  return (
    <>
      <td>{write(resource.had_mean)}</td>
      <td>{freedText(resource, write)}</td>
    </>
  )
}

/** `cores 7 min, memory 60 s`; empty when it never was short. */
function briefText({ cores, memory_mb: memory }: PreviewedContainer): string {
  const both = [
    ...(cores.short.length === 0 ? [] : [`cores ${lastingText(cores.short_seconds * MS_PER_SECOND)}`]),
    ...(memory.short.length === 0 ? [] : [`memory ${lastingText(memory.short_seconds * MS_PER_SECOND)}`]),
  ]
  return both.join(', ')
}
