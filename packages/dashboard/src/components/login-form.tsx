import type { HistoryBody } from '@lxc-autoscale/core'
import { useEffect, useRef, useState } from 'preact/hooks'
import { ApiError, api } from '../api.ts'
import { enter } from '../router.ts'
import { logIn } from '../session.ts'

/** Asks for the API key, and says beside the field when it is wrong. */
export function LoginForm() {
  const field = useRef<HTMLInputElement>(null)
  const [problem, setProblem] = useState('')
  const [isAsking, setAsking] = useState(false)
  useEffect(() => field.current?.focus(), [])

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    const key = field.current?.value.trim() ?? ''
    setAsking(true)
    try {
      const { caller } = await api.get<HistoryBody>('/history', { limit: 1 }, { key })
      enter()
      logIn(key, caller)
    } catch (error) {
      setProblem(error instanceof ApiError ? error.message : String(error))
      setAsking(false)
      field.current?.select()
    }
  }

  return (
    <form class="login" onSubmit={submit}>
      <h1>API key</h1>
      <p class="hint" id="key-hint">
        The key of this host is on it in <code>/etc/lxc_autoscale_ml/api.key</code>. It stays in this tab until you log
        out or close it.
      </p>
      <label for="key">Key</label>
      <input
        id="key"
        ref={field}
        type="password"
        autocomplete="off"
        spellcheck={false}
        required
        aria-describedby="key-hint key-problem"
        aria-invalid={problem !== ''}
      />
      <p class="problem" id="key-problem" role="alert">
        {problem}
      </p>
      <button type="submit" class="primary" disabled={isAsking}>
        Log in
      </button>
    </form>
  )
}
