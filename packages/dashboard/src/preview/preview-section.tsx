import type { PreviewedContainer, ShortMoment } from '@lxc-autoscale/core'
import { useEffect, useRef, useState } from 'preact/hooks'
import { WouldCharts } from '../charts/would-charts.tsx'
import { Foreign } from '../components/text.tsx'
import { changesText, momentText, resourceText, WRITERS, type Write } from './preview-text.ts'

const MOST_MOMENTS = 50
/** Curves are drawn when they come so near to the screen: hundreds of containers would take seconds at once. */
const NEAR = '1200px'

/** One container: what came of it in sentences, its curves, and when it would have had too little. */
export function PreviewSection({ container }: { readonly container: PreviewedContainer }) {
  const { lxc_id: vmid, name, curves, cores, memory_mb: memory, remarks } = container
  const section = useRef<HTMLElement>(null)
  const isNear = useNear(section)
  return (
    <section id={`ct-${vmid}`} class="preview-container" ref={section} aria-label={`Container ${vmid}`}>
      <h2>
        {vmid} <Foreign text={name} />
      </h2>
      <ul class="sentences">
        <li>{resourceText('Cores', cores, WRITERS.cores)}</li>
        <li>{resourceText('Memory', memory, WRITERS.memory_mb)}</li>
        <li>{changesText(container)}</li>
        {remarks.map(remark => (
          <li key={remark}>
            <Foreign text={remark} />
          </li>
        ))}
      </ul>
      <div class="preview-charts">
        {isNear && <WouldCharts curves={curves} short={{ cores: cores.short, memory: memory.short }} />}
      </div>
      <Moments heading="Too few cores" moments={cores.short} write={WRITERS.cores} />
      <Moments heading="Too little memory" moments={memory.short} write={WRITERS.memory_mb} />
    </section>
  )
}

interface MomentsProps {
  readonly heading: string
  readonly moments: readonly ShortMoment[]
  readonly write: Write
}

function Moments({ heading, moments, write }: MomentsProps) {
  if (moments.length === 0) return null
  const shown = moments.slice(-MOST_MOMENTS)
  return (
    <details>
      <summary>
        {heading}: {moments.length === shown.length ? shown.length : `the last ${shown.length} of ${moments.length}`}
      </summary>
      <ul class="sentences">
        {shown.map(moment => (
          <li key={moment.since}>{momentText(moment, write)}</li>
        ))}
      </ul>
    </details>
  )
}

/** Whether an element was ever near to what is shown. */
function useNear(element: { readonly current: HTMLElement | null }): boolean {
  const [isNear, setNear] = useState(false)
  useEffect(() => {
    if (element.current === null) return undefined
    const observer = new IntersectionObserver(
      entries => {
        if (!entries.some(({ isIntersecting }) => isIntersecting)) return
        setNear(true)
        observer.disconnect()
      },
      { rootMargin: NEAR },
    )
    observer.observe(element.current)
    return () => observer.disconnect()
  }, [])
  return isNear
}
