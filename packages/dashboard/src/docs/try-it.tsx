import { useId, useRef, useState } from 'preact/hooks'
import { keyHeaders } from '../api.ts'
import { isLocked } from '../session.ts'
import { curlText, type Input, inputKey, type Operation, requestOf } from './open-api.ts'

interface Reply {
  readonly line: string
  readonly isError: boolean
  readonly body: string
}

const MOST_SHOWN_CHARACTERS = 20_000

/** Sends a request with the key of the session. What changes something asks first. */
export function TryIt({ operation }: { readonly operation: Operation }) {
  const { inputs, method, path } = operation
  const [values, setValues] = useState<ReadonlyMap<string, string>>(
    () => new Map(inputs.map(input => [inputKey(input), input.example])),
  )
  const [reply, setReply] = useState<Reply>()
  const [isAsking, setAsking] = useState(false)
  const question = useRef<HTMLDialogElement>(null)
  const isChange = method !== 'GET'
  const request = requestOf(operation, values)

  const send = () => {
    setAsking(true)
    ask(method, request)
      .then(setReply, (error: Error) => setReply({ line: 'no answer', isError: true, body: error.message }))
      .finally(() => setAsking(false))
  }
  return (
    <form
      class="try-it"
      aria-label={`Try ${method} ${path}`}
      onSubmit={event => {
        event.preventDefault()
        if (isChange) question.current?.showModal()
        else send()
      }}
    >
      {inputs.map(input => (
        <InputField
          input={input}
          value={values.get(inputKey(input)) ?? ''}
          onChange={value => setValues(new Map(values).set(inputKey(input), value))}
          key={inputKey(input)}
        />
      ))}
      <pre class="curl">{curlText(operation, values, location.origin)}</pre>
      <button type="submit" disabled={isAsking}>
        {isChange ? 'Send …' : 'Send'}
      </button>
      {isLocked.value && !operation.isPublic && <span class="hint"> Without a key it will be refused.</span>}
      <div role="status">
        {reply !== undefined && (
          <>
            <p class={reply.isError ? 'problem' : ''}>{reply.line}</p>
            <pre>{reply.body}</pre>
          </>
        )}
      </div>
      {isChange && (
        <dialog ref={question} aria-label="Send this request?">
          <p>This is no exercise: it is carried out on this host.</p>
          <pre>
            {method} {request.url}
            {'\n'}
            {request.body}
          </pre>
          <div class="form-end">
            <button
              type="button"
              class="primary"
              onClick={() => {
                question.current?.close()
                send()
              }}
            >
              Send it
            </button>
            <button type="button" onClick={() => question.current?.close()}>
              Cancel
            </button>
          </div>
        </dialog>
      )}
    </form>
  )
}

async function ask(method: string, { url, headers, body }: ReturnType<typeof requestOf>): Promise<Reply> {
  const type = body === undefined ? {} : { 'content-type': 'application/json' }
  const response = await fetch(url, {
    method,
    headers: { ...keyHeaders(), ...Object.fromEntries(headers), ...type },
    cache: 'no-store',
    ...(body === undefined ? {} : { body }),
  })
  const text = await response.text()
  return { line: `${response.status} ${response.statusText}`, isError: !response.ok, body: readable(text) }
}

function readable(text: string): string {
  let shown = text
  try {
    shown = JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    // Not JSON: as it is.
  }
  const isLong = shown.length > MOST_SHOWN_CHARACTERS
  return isLong
    ? `${shown.slice(0, MOST_SHOWN_CHARACTERS)}\n… ${shown.length - MOST_SHOWN_CHARACTERS} characters more`
    : shown
}

interface InputFieldProps {
  readonly input: Input
  readonly value: string
  readonly onChange: (value: string) => void
}

function InputField({ input, value, onChange }: InputFieldProps) {
  const { name, isRequired, kind, options, type } = input
  const id = useId()
  const choices = kind === 'boolean' ? ['true', 'false'] : options
  const changed = ({ currentTarget }: { readonly currentTarget: { readonly value: string } }) =>
    onChange(currentTarget.value)
  return (
    <div class="field">
      <label for={id}>
        <code>{name}</code>
        {!isRequired && <small> optional</small>}
      </label>
      {choices.length > 1 ? (
        <select id={id} value={value} onChange={changed}>
          {[...(isRequired ? [] : ['']), ...choices].map(choice => (
            <option value={choice} key={choice}>
              {choice}
            </option>
          ))}
        </select>
      ) : (
        <input
          id={id}
          type="text"
          value={value}
          required={isRequired}
          placeholder={type}
          autocomplete="off"
          spellcheck={false}
          inputMode={kind === 'number' ? 'decimal' : 'text'}
          onInput={changed}
        />
      )}
    </div>
  )
}
