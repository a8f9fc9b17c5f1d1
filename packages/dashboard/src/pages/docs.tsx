import { useEffect, useMemo, useState } from 'preact/hooks'
import { PageHeading } from '../components/page-heading.tsx'
import { Prose } from '../components/prose.tsx'
import { found, type Reference } from '../docs/open-api.ts'
import { FieldTable, OperationSection } from '../docs/operation-section.tsx'
import { useReference } from '../docs/use-document.ts'

/**
 * The documentation of the API, made of what it says of itself. Drawn by lines of our own: a ready-made renderer (Scalar, Redoc,
 * Swagger UI) is one to three megabytes of script, brings styles and fonts of its own and wants a policy less strict.
 */
export function DocsPage() {
  const reference = useReference()
  return (
    <>
      <PageHeading title="API">The API</PageHeading>
      {reference === undefined && <p aria-busy="true">Loading …</p>}
      {typeof reference === 'string' && (
        <p role="alert" class="problem">
          {reference}
        </p>
      )}
      {typeof reference === 'object' && <Docs reference={reference} />}
    </>
  )
}

function Docs({ reference }: { readonly reference: Reference }) {
  const [search, setSearch] = useState('')
  const tags = useMemo(() => matching(reference, search), [reference, search])
  useEffect(() => {
    document.getElementById(location.hash.slice(1))?.scrollIntoView()
  }, [])
  return (
    <div class="docs">
      <nav aria-label="Routes">
        <label class="search">
          Search
          <input type="search" value={search} onInput={({ currentTarget }) => setSearch(currentTarget.value)} />
        </label>
        <p role="status" class="hint">
          {tags.length === 0 ? 'Nothing has all of these words.' : ''}
        </p>
        <div class="contents">
          {tags.map(({ name, operations }) => (
            <section key={name} aria-label={name}>
              <h2>{name}</h2>
              <ul>
                {operations.map(({ anchor, method, path }) => (
                  <li key={anchor}>
                    <a href={`#${anchor}`}>
                      <span class={`method method-${method.toLowerCase()}`}>{method}</span> {path}
                    </a>
                  </li>
                ))}
              </ul>
            </section>
          ))}
        </div>
      </nav>
      <div class="operations">
        {search === '' && <Introduction reference={reference} />}
        {tags.map(({ name, text, operations }) => (
          <section key={name} aria-label={`Routes: ${name}`}>
            <h2>{name}</h2>
            <Prose text={text} />
            {operations.map(operation => (
              <OperationSection operation={operation} key={operation.anchor} />
            ))}
          </section>
        ))}
        {search === '' && reference.schemas.length > 0 && <Schemas schemas={reference.schemas} />}
      </div>
    </div>
  )
}

function matching({ tags }: Reference, search: string): Reference['tags'] {
  return tags
    .map(tag => ({ ...tag, operations: tag.operations.filter(operation => found(operation, search.trim())) }))
    .filter(({ operations }) => operations.length > 0)
}

function Introduction({ reference: { title, version, text } }: { readonly reference: Reference }) {
  return (
    <section aria-label="All routes" class="introduction">
      <p class="hint">
        {title} {version}. As a file for programs: <a href="/openapi.json">/openapi.json</a>.
      </p>
      <Prose text={text} />
      <p>
        The key goes into the header <code>X-API-Key</code>, or as <code>Authorization: Bearer KEY</code>. The commands
        below take it from the shell: <code>export API_KEY=…</code>
      </p>
    </section>
  )
}

function Schemas({ schemas }: Pick<Reference, 'schemas'>) {
  return (
    <section aria-label="Named schemas">
      <h2>Schemas</h2>
      {schemas.map(({ name, text, type, fields }) => (
        <article id={`schema-${name}`} key={name} class="operation">
          <h3>
            <a href={`#schema-${name}`}>{name}</a>
          </h3>
          <Prose text={text} />
          {fields.length > 0 ? <FieldTable title={name} fields={fields} /> : <p>{type}</p>}
        </article>
      ))}
    </section>
  )
}
