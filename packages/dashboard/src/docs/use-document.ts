import { useEffect, useState } from 'preact/hooks'
import { type Reference, referenceOf } from './open-api.ts'

/** The API as it describes itself; it asks nobody for a key. A text: why it is not there. */
export function useReference(): Reference | string | undefined {
  const [reference, setReference] = useState<Reference | string>()
  useEffect(() => {
    const ending = new AbortController()
    fetch('/openapi.json', { signal: ending.signal })
      .then(async response => {
        if (!response.ok) throw new Error(`/openapi.json: the API answered ${response.status}`)
        setReference(referenceOf(await response.json()))
      })
      .catch((error: Error) => {
        if (!ending.signal.aborted) setReference(error.message)
      })
    return () => ending.abort()
  }, [])
  return reference
}
