import { visibleText } from '@lxc-autoscale/core/browser'
import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Announcements } from './components/announcements.tsx'
import { Banners } from './components/banners.tsx'
import { LiveSign } from './components/live-sign.tsx'
import { LoginForm } from './components/login-form.tsx'
import { Menu } from './components/menu.tsx'
import { PageHeading } from './components/page-heading.tsx'
import { ThemeSwitch } from './components/theme-switch.tsx'
import { Dialogs } from './dialogs/dialogs.tsx'
import { head, isFollowing } from './live.ts'
import { OverviewPage } from './pages/overview.tsx'
import { type Page, pageOf, place } from './router.ts'
import { caller, endSession, isLocked, sessionKey } from './session.ts'

/** The page of the cluster is named only where there is one. */
const LINKS = [
  ['overview', '/', 'Overview'],
  ['cluster', '/cluster', 'Cluster'],
  ['changes', '/changes', 'Changes'],
  ['docs', '/docs', 'API'],
] as const

/** What stands around every page. */
export function Shell() {
  const page = pageOf(place.value.path)
  const hasCluster = page?.name === 'cluster' || (head.value?.cluster ?? null) !== null
  const isAsked = isLocked.value && page?.name !== 'docs'
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header class="top">
        <a class="brand" href="/">
          <Mark />
          LXC AutoScale
        </a>
        <nav aria-label="Pages">
          {LINKS.filter(([name]) => name !== 'cluster' || hasCluster).map(([name, href, words]) => (
            <a href={href} key={href} aria-current={page?.name === name ? 'page' : undefined}>
              {words}
            </a>
          ))}
        </nav>
        <SessionCorner />
      </header>
      <main id="main" tabIndex={-1}>
        {!isAsked && page?.name !== 'docs' && <Banners />}
        {isAsked ? <LoginForm /> : <Shown page={page} />}
        <Menu />
      </main>
      <Dialogs />
      <Announcements />
    </>
  )
}

function Mark() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" />
      <path d="M7 23h4v-6H7zm7 0h4V12h-4zm7 0h4V7h-4z" />
    </svg>
  )
}

function SessionCorner() {
  return (
    <div class="session">
      <span role="status">{isFollowing.value && <LiveSign />}</span>
      <ThemeSwitch />
      {caller.value !== undefined && (
        <span class="who">
          {visibleText(caller.value.key)} ({caller.value.role})
        </span>
      )}
      {sessionKey.value !== undefined && (
        <button type="button" onClick={endSession}>
          Log out
        </button>
      )}
    </div>
  )
}

function Shown({ page }: { readonly page: Page | undefined }) {
  if (page?.name === 'overview') return <OverviewPage />
  if (page?.name === 'container') return <Late load={loadContainer} props={{ vmid: page.vmid }} key={page.vmid} />
  if (page?.name === 'cluster') return <Late load={loadCluster} props={{}} />
  if (page?.name === 'changes') return <Late load={loadChanges} props={{}} />
  if (page?.name === 'docs') return <Late load={loadDocs} props={{}} />
  return <PageHeading title="No such page">There is no such page</PageHeading>
}

const loadContainer = () => import('./pages/container.tsx').then(({ ContainerPage }) => ContainerPage)
const loadCluster = () => import('./pages/cluster.tsx').then(({ ClusterPage }) => ClusterPage)
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
