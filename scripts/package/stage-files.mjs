import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import { bundleProgram } from './bundle.mjs'
import { unpackNode } from './carried-node.mjs'
import { embedNode } from './embed-node.mjs'
import { foreignLicences } from './licences.mjs'
import { PROGRAMS } from './programs.mjs'
import { billOfMaterials } from './sbom.mjs'

export const MAINTAINER = 'LXC AutoScale ML contributors <lxc-autoscale-ml@users.noreply.github.com>'

const root = join(import.meta.dirname, '..', '..')
const LIB = 'usr/lib/lxc-autoscale-ml'
const DOC = 'usr/share/doc/lxc-autoscale-ml'
const SHARE = 'usr/share/lxc-autoscale-ml'

// Programs of Proxmox that the unprivileged API reaches through lxc_autoscale_pct.socket.
const HELPED_COMMANDS = ['pct', 'pvesh', 'pvecm', 'base64']

const CONFIG_FILES = ['lxc_monitor.yaml', 'lxc_autoscale_ml.yaml', 'lxc_autoscale_api.yaml', 'pct-helper.conf']

/** Puts every file of the package under `stage`, in the place it gets on the host; gives what is known of the Node.js among them. */
export async function stageFiles({ stage, architecture, version, date }) {
  const put = (path, content, mode = 0o644) => {
    mkdirSync(join(stage, dirname(path)), { recursive: true })
    writeFileSync(join(stage, path), content)
    chmodSync(join(stage, path), mode)
  }
  const copy = (source, path, mode) => put(path, readFileSync(join(root, source)), mode)
  const link = (target, path) => {
    mkdirSync(join(stage, dirname(path)), { recursive: true })
    symlinkSync(target, join(stage, path))
  }

  mkdirSync(join(stage, LIB), { recursive: true })
  const node = stageNode({ architecture, outfile: join(stage, LIB, 'node') })
  const bundled = new Set()
  for (const { command, processName, entry, isInner = false, options = [] } of PROGRAMS) {
    const outfile = join(stage, LIB, `${command}.mjs`)
    for (const folder of await bundleProgram({ entry, outfile, dashboard: `/${SHARE}/dashboard` })) bundled.add(folder)
    if (isInner) continue
    link('../node', `${LIB}/bin/${processName}`)
    const words = ['exec', `/${LIB}/bin/${processName}`, ...options, `/${LIB}/${command}.mjs`, '"$@"']
    put(`usr/bin/${command}`, `#!/bin/sh\n${words.join(' ')}\n`, 0o755)
  }

  for (const name of ['notify-exec', 'pct-helper', 'pct-client']) copy(`systemd/${name}`, `${LIB}/${name}`, 0o755)
  for (const name of HELPED_COMMANDS) link('../pct-client', `${LIB}/pct/${name}`)
  for (const name of readdirSync(join(root, 'systemd')).filter(name => /\.(service|socket)$/.test(name))) {
    copy(`systemd/${name}`, `usr/lib/systemd/system/${name}`)
  }
  copy('systemd/sysusers.conf', 'usr/lib/sysusers.d/lxc-autoscale-ml.conf')
  copy('systemd/tmpfiles.conf', 'usr/lib/tmpfiles.d/lxc-autoscale-ml.conf')
  copy('systemd/logrotate.conf', 'etc/logrotate.d/lxc-autoscale-ml')
  for (const name of CONFIG_FILES) {
    copy(`config/${name}`, `etc/lxc_autoscale_ml/${name}`)
    // For an administrator who lost or spoilt his own: dpkg does not bring back a file of /etc that was removed.
    copy(`config/${name}`, `${SHARE}/config/${name}`)
  }
  for (const folder of ['prometheus', 'grafana', 'ansible']) {
    for (const name of readdirSync(join(root, 'config', folder))) {
      copy(`config/${folder}/${name}`, `${SHARE}/${folder}/${name}`)
    }
  }
  const dashboard = join('packages', 'dashboard', 'dist')
  for (const entry of readdirSync(join(root, dashboard), { recursive: true, withFileTypes: true })) {
    const path = relative(join(root, dashboard), join(entry.parentPath ?? entry.path, entry.name))
    if (entry.isFile()) copy(join(dashboard, path), `${SHARE}/dashboard/${path}`)
  }
  for (const folder of librariesOf('packages/dashboard')) bundled.add(folder)
  stageOperatorFiles({ copy, put })

  copy('scripts/package/debian/copyright', `${DOC}/copyright`)
  const npmPackages = describePackages(bundled)
  put(`${DOC}/LICENSES.gz`, gzipSync(foreignLicences({ npmPackages, node }), { level: 9 }))
  put(`${DOC}/sbom.cdx.json.gz`, gzipSync(billOfMaterials({ version, npmPackages, node }), { level: 9 }))
  put(`${DOC}/changelog.gz`, gzipSync(debianChangelog({ version, date }), { level: 9 }))
  put(`${DOC}/CHANGELOG.md.gz`, gzipSync(readFileSync(join(root, 'CHANGELOG.md')), { level: 9 }))
  copy('scripts/package/debian/lintian-overrides', 'usr/share/lintian/overrides/lxc-autoscale-ml')
  return node
}

function stageNode({ architecture, outfile }) {
  const folder = mkdtempSync(join(tmpdir(), 'lxc-autoscale-ml-node-'))
  try {
    const node = unpackNode({ architecture, folder })
    embedNode({ execPath: node.execPath, outfile })
    return node
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const readLock = () => JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))

/** The packages of others that `workspace` needs, and what these need, as keys of the lock file. */
function librariesOf(workspace) {
  const { packages } = readLock()
  const found = new Set()
  const follow = ({ dependencies = {} }) => {
    for (const folder of Object.keys(dependencies).map(name => `node_modules/${name}`)) {
      if (found.has(folder) || packages[folder].link) continue
      found.add(folder)
      follow(packages[folder])
    }
  }
  follow(packages[workspace])
  return found
}

/** What the lock file knows of the bundled packages: `folders` are its keys. */
function describePackages(folders) {
  const lock = readLock()
  return [...folders].sort().map(folder => ({
    ...lock.packages[folder],
    name: folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length),
    folder: join(root, folder),
  }))
}

/** The manual page and the completions of the operator's command. */
function stageOperatorFiles({ copy, put }) {
  put(
    'usr/share/man/man1/lxc-autoscale.1.gz',
    gzipSync(readFileSync(join(root, 'packages/cli/man/lxc-autoscale.1')), { level: 9 }),
  )
  copy('packages/cli/completions/lxc-autoscale.bash', 'usr/share/bash-completion/completions/lxc-autoscale')
  copy('packages/cli/completions/lxc-autoscale.zsh', 'usr/share/zsh/vendor-completions/_lxc-autoscale')
  copy('packages/cli/completions/lxc-autoscale.fish', 'usr/share/fish/vendor_completions.d/lxc-autoscale.fish')
}

function debianChangelog({ version, date }) {
  return [
    `lxc-autoscale-ml (${version}) stable; urgency=medium`,
    '',
    '  * What changed stands in CHANGELOG.md.gz beside this file.',
    '',
    ` -- ${MAINTAINER}  ${rfc2822(date)}`,
    '',
  ].join('\n')
}

function rfc2822(date) {
  return date.toUTCString().replace('GMT', '+0000')
}
