import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const CACHE = '/var/cache/lxc-autoscale-e2e'
/** The software under load, and the programs that make the load. */
const PACKAGES = ['redis-server', 'postgresql', 'nginx-light', 'default-jdk-headless', 'wrk']

/**
 * A root file system of this machine's Debian release with that software: made once (a minute or two), then only read. Everything
 * that uses it lies over it, copy on write.
 * @returns its path
 */
export function debianTree() {
  const release = /^VERSION_CODENAME=(\w+)$/m.exec(readFileSync('/etc/os-release', 'utf8'))[1]
  const key = createHash('sha256')
    .update([release, ...PACKAGES].join())
    .digest('hex')
    .slice(0, 12)
  const tree = join(CACHE, `debian-${key}`)
  if (existsSync(tree)) return tree
  console.log(`# making ${tree}`)
  const aside = `${tree}.${process.pid}`
  const words = ['--variant=minbase', '--aptopt=Acquire::Languages "none"', `--include=${PACKAGES.join()}`]
  try {
    execFileSync('mmdebstrap', ['--quiet', ...words, release, aside, mirror()], { stdio: 'inherit' })
    renameSync(aside, tree)
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
  return tree
}

/** Where this machine has its own packages from. */
function mirror() {
  const sites = execFileSync('apt-get', ['indextargets', '--format', '$(SITE)', 'Label: Debian'], { encoding: 'utf8' })
  return sites.split('\n').find(site => site !== '')
}

/** Names and versions of what runs, as Debian calls them. */
export function softwareVersions(tree) {
  const status = readFileSync(join(tree, 'var/lib/dpkg/status'), 'utf8').split('\n\n')
  const jdk = readdirSync(join(tree, 'var/lib/dpkg/info')).find(name => /^openjdk-\d+-jdk-headless.*\.list$/.test(name))
  const server = readdirSync(join(tree, 'usr/lib/postgresql'))[0]
  const names = ['redis-server', `postgresql-${server}`, 'nginx-light', jdk.replace(/(:\w+)?\.list$/, '')]
  return names.map(name => {
    const entry = status.find(text => text.startsWith(`Package: ${name}\n`))
    return `${name} ${/^Version: (.+)$/m.exec(entry)[1]}`
  })
}
