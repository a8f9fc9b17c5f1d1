import { useState } from 'preact/hooks'
import { Inline, Prose } from '../components/prose.tsx'
import { type Answer, curlText, type Field, inputKey, isStream, type Operation } from './open-api.ts'
import { TryIt } from './try-it.tsx'

/** One route: what it does, who may, what it takes and what it answers. */
export function OperationSection({ operation }: { readonly operation: Operation }) {
  const { anchor, method, path, summary, text, parameters, body, answers, inputs } = operation
  const [isTried, setTried] = useState(false)
  const example = new Map(inputs.map(input => [inputKey(input), input.example]))
  return (
    <article id={anchor} aria-labelledby={`${anchor}-name`} class="operation">
      <h3 id={`${anchor}-name`}>
        <a href={`#${anchor}`}>
          <span class={`method method-${method.toLowerCase()}`}>{method}</span> {path}
        </a>
      </h3>
      <p>
        <Inline text={summary} />
      </p>
      <div class="hint">
        <Prose text={text} />
      </div>
      {parameters.length > 0 && <FieldTable title="Fields of the query and the path" fields={parameters} isAsked />}
      {body.length > 0 && <FieldTable title="Fields of the body" fields={body} isAsked />}
      <pre class="curl">{curlText(operation, example, location.origin)}</pre>
      <Answers answers={answers} />
      {!isStream(operation) && (
        <details onToggle={({ currentTarget }) => setTried(currentTarget.open)}>
          <summary>Try it</summary>
          {isTried && <TryIt operation={operation} />}
        </details>
      )}
    </article>
  )
}

interface FieldTableProps {
  readonly title: string
  readonly fields: readonly Field[]
  /** Whether it is asked for, so that some of it may be left out. */
  readonly isAsked?: boolean
}

/** Fields with what they may be. Where there is no room for a table, one below the other. */
export function FieldTable({ title, fields, isAsked = false }: FieldTableProps) {
  return (
    <table class="fields" aria-label={title}>
      <thead>
        <tr>
          <th scope="col">Field</th>
          <th scope="col">Values</th>
          <th scope="col">What it is</th>
        </tr>
      </thead>
      <tbody>
        {fields.map(({ name, depth, isRequired, type, text, schema }, at) => (
          <tr key={at}>
            <td style={{ paddingInlineStart: `${depth}rem` }}>
              <code>{name}</code>
              {isAsked && isRequired && <small class="required"> required</small>}
            </td>
            <td>{schema === undefined ? type : <a href={`#schema-${schema}`}>{type}</a>}</td>
            <td>
              <Inline text={text} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Answers({ answers }: { readonly answers: readonly Answer[] }) {
  const isSuccess = ({ status }: Answer) => status.startsWith('2')
  const failures = answers.filter(answer => !isSuccess(answer))
  return (
    <>
      {answers.filter(isSuccess).map(answer => (
        <SuccessAnswer answer={answer} key={answer.status} />
      ))}
      {failures.length > 0 && <Failures answers={failures} />}
    </>
  )
}

function SuccessAnswer({ answer }: { readonly answer: Answer }) {
  const { status, text, contentType, fields, schema, example } = answer
  return (
    <details>
      <summary>
        {status}{' '}
        <span class="hint">
          <Inline text={text} />
        </span>
      </summary>
      <p>
        <code>{contentType ?? 'no body'}</code>
        {schema !== undefined && <SchemaLink name={schema} />}
      </p>
      {schema === undefined && fields.length > 0 && (
        <FieldTable title={`Fields of the answer ${status}`} fields={fields} />
      )}
      {example !== undefined && <pre>{example}</pre>}
    </details>
  )
}

/** All failures have one form: they are told apart by what they mean. */
function Failures({ answers }: { readonly answers: readonly Answer[] }) {
  const schema = answers.find(answer => answer.schema !== undefined)?.schema
  return (
    <details>
      <summary>
        Failures <span class="hint">{answers.map(({ status }) => status).join(', ')}</span>
      </summary>
      {schema !== undefined && (
        <p>
          All answer <code>application/json</code>
          <SchemaLink name={schema} />
        </p>
      )}
      <dl class="failures">
        {answers.map(({ status, text }) => (
          <div key={status}>
            <dt>{status === 'default' ? 'any' : status}</dt>
            <dd>
              <Inline text={text} />
            </dd>
          </div>
        ))}
      </dl>
    </details>
  )
}

function SchemaLink({ name }: { readonly name: string }) {
  return (
    <>
      : <a href={`#schema-${name}`}>{name}</a>
    </>
  )
}
