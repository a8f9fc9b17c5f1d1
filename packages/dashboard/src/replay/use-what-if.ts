import type { WhatIfBody } from '@lxc-autoscale/core'
import { useEffect, useState } from 'preact/hooks'
import { api } from '../api.ts'

interface Asked {
  readonly lxc_id: number
  readonly hours: number
  readonly settings: Readonly<Record<string, string | number>>
}

export interface WhatIf {
  readonly body: WhatIfBody | undefined
  readonly problem: string | undefined
  readonly isRunning: boolean
  readonly start: (asked: Asked) => void
  readonly cancel: () => void
}

const ASK_AGAIN_MS = 700

/** One replay at a time. Who leaves the page cancels it: nobody would see the result. */
export function useWhatIf(): WhatIf {
  const [body, setBody] = useState<WhatIfBody>()
  const [problem, setProblem] = useState<string>()
  const [isAsked, setAsked] = useState(false)
  const id = isOpen(body) ? body?.id : undefined

  const failed = (error: Error) => {
    setProblem(error.message)
    setBody(undefined)
  }
  useEffect(() => {
    if (id === undefined) return undefined
    let isOver = false
    const ask = async () => {
      const next = await api.get<WhatIfBody>(`/what-if/${id}`)
      if (isOver) return
      isOver = !isOpen(next)
      setBody(next)
    }
    const timer = setInterval(() => {
      if (document.hidden || isOver) return
      ask().catch((error: Error) => {
        if (!isOver) failed(error)
      })
    }, ASK_AGAIN_MS)
    return () => {
      clearInterval(timer)
      if (!isOver) void api.delete(`/what-if/${id}`).catch(() => undefined)
      isOver = true
    }
  }, [id])

  const start = (asked: Asked) => {
    setProblem(undefined)
    setBody(undefined)
    setAsked(true)
    api
      .post<WhatIfBody>('/what-if', asked)
      .then(({ data }) => setBody(data), failed)
      .finally(() => setAsked(false))
  }
  // What is no longer followed is cancelled above.
  return { body, problem, isRunning: isAsked || isOpen(body), start, cancel: () => setBody(undefined) }
}

function isOpen(body: WhatIfBody | undefined): boolean {
  return body?.state === 'waiting' || body?.state === 'running'
}
