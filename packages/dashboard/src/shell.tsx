import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { LoginForm } from './components/login-form.tsx'
import { OverviewPage } from './pages/overview.tsx'
import { type Page, pageOf, place } from './router.ts'
import { isLocked } from './session.ts'

const PAGES = { changes: ['/changes', 'Changes'], docs: ['/docs', 'Docs'] } as const

/** What stands around every page. */
export function Shell() {
  const page = pageOf(place.value.path)
  return (
    <>
      <header>
        <nav>
          <a href="/">Overview</a>
          {Object.values(PAGES).map(([href, name]) => (
            <a href={href} key={href}>
              {name}
            </a>
          ))}
        </nav>
      </header>
      <main id="main">{isLocked.value && page?.name !== 'docs' ? <LoginForm /> : <Shown page={page} />}</main>
    </>
  )
}

function Shown({ page }: { readonly page: Page | undefined }) {
  if (page?.name === 'overview') return <OverviewPage />
  if (page?.name === 'container') return <Late load={loadContainer} props={{ vmid: page.vmid }} key={page.vmid} />
  if (page?.name === 'changes') return <Late load={loadChanges} props={{}} />
  if (page?.name === 'docs') return <Late load={loadDocs} props={{}} />
  return <h1 tabIndex={-1}>There is no such page</h1>
}

const loadContainer = () => import('./pages/container.tsx').then(({ ContainerPage }) => ContainerPage)
const loadChanges = () => import('./pages/changes.tsx').then(({ ChangesPage }) => ChangesPage)
const loadDocs = () => import('./pages/docs.tsx').then(({ DocsPage }) => DocsPage)

/** A page whose script comes when it is wanted. */
function Late<Props extends object>({
  load,
  props,
}: {
  readonly load: () => Promise<ComponentType<Props>>
  readonly props: Props
}) {
  const [loaded, setLoaded] = useState<{ readonly Page: ComponentType<Props> } | string>()
  useEffect(() => {
    load().then(
      Page => setLoaded({ Page }),
      () =>
        setLoaded(
          'This page could not be loaded: the API does not answer, or has another version by now. Load it anew.',
        ),
    )
  }, [load])
  if (loaded === undefined) return <p aria-busy="true">Loading …</p>
  if (typeof loaded === 'string') return <p role="alert">{loaded}</p>
  return <loaded.Page {...props} />
}
