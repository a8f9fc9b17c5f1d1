import { useEffect, useState } from 'preact/hooks'
import { type Answer, api } from '../api.ts'

/** What the API says would be done, by the rules by which it does it. */
export type Preview<Data> =
  | { readonly state: 'none' | 'asking' }
  | { readonly state: 'would'; readonly answer: Answer<Data> }
  | { readonly state: 'refused'; readonly message: string }

const REST_MS = 300

/** Asks for a dry run of `body` once it has rested for a moment; undefined: there is nothing to ask. */
export function usePreview<Data>(path: string, body: object | undefined): Preview<Data> {
  const [preview, setPreview] = useState<Preview<Data>>({ state: 'none' })
  const text = body === undefined ? undefined : JSON.stringify(body)
  useEffect(() => {
    if (text === undefined) return setPreview({ state: 'none' })
    const asking = new AbortController()
    setPreview({ state: 'asking' })
    const timer = setTimeout(() => {
      api.post<Data>(path, { ...JSON.parse(text), dry_run: true }, { signal: asking.signal }).then(
        answer => setPreview({ state: 'would', answer }),
        (error: unknown) => {
          if (!asking.signal.aborted)
            setPreview({ state: 'refused', message: error instanceof Error ? error.message : String(error) })
        },
      )
    }, REST_MS)
    return () => {
      clearTimeout(timer)
      asking.abort()
    }
  }, [path, text])
  return preview
}
