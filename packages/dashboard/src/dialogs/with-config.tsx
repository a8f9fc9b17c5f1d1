import type { ContainerConfigBody } from '@lxc-autoscale/core'
import { visibleText } from '@lxc-autoscale/core/browser'
import type { ComponentChild } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { api } from '../api.ts'
import { ContainerName } from '../components/container-name.tsx'
import { DoDialog } from './do-dialog.tsx'

interface WithConfigProps {
  readonly vmid: number
  /** Before the name of the container, until it is known. */
  readonly title: string
  readonly children: (config: ContainerConfigBody) => ComponentChild
}

/** A dialog that begins with what the container has. */
export function WithConfig({ vmid, title, children }: WithConfigProps) {
  const [config, setConfig] = useState<ContainerConfigBody>()
  const [problem, setProblem] = useState('')
  useEffect(() => {
    api
      .get<ContainerConfigBody>('/resource/lxc/config', { lxc_id: vmid })
      .then(setConfig, (error: Error) => setProblem(error.message))
  }, [vmid])
  if (config !== undefined) return children(config)
  return (
    <DoDialog
      title={
        <>
          {title} <ContainerName vmid={vmid} />
        </>
      }
      confirm="One moment …"
      isReady={false}
      act={async () => ''}
    >
      {problem !== '' && <p role="alert">{visibleText(problem)}</p>}
    </DoDialog>
  )
}
