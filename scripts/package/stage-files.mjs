import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { bundleProgram, findNodeLicence, foreignLicences } from './bundle.mjs'
import { embedNode } from './embed-node.mjs'
import { PROGRAMS } from './programs.mjs'

export const MAINTAINER = 'LXC AutoScale ML contributors <lxc-autoscale-ml@users.noreply.github.com>'

const root = join(import.meta.dirname, '..', '..')
const LIB = 'usr/lib/lxc-autoscale-ml'
const DOC = 'usr/share/doc/lxc-autoscale-ml'

// Programs of Proxmox that the unprivileged API reaches through lxc_autoscale_pct.socket.
const PROXMOX_COMMANDS = ['pct', 'pvesh', 'pvecm']

const CONFIG_FILES = ['lxc_monitor.yaml', 'lxc_autoscale_ml.yaml', 'lxc_autoscale_api.yaml', 'pct-helper.conf']

/** Puts every file of the package under `stage`, in the place it gets on the host. */
export async function stageFiles({ stage, version, date }) {
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
  embedNode({ execPath: process.execPath, outfile: join(stage, LIB, 'node') })
  const npmPackages = new Set()
  for (const { command, processName, entry } of PROGRAMS) {
    const outfile = join(stage, LIB, `${command}.mjs`)
    for (const name of await bundleProgram({ entry, outfile })) npmPackages.add(name)
    chmodSync(outfile, 0o644)
    link('../node', `${LIB}/bin/${processName}`)
    put(`usr/bin/${command}`, `#!/bin/sh\nexec /${LIB}/bin/${processName} /${LIB}/${command}.mjs "$@"\n`, 0o755)
  }

  for (const name of ['notify-exec', 'pct-helper', 'pct-client']) copy(`systemd/${name}`, `${LIB}/${name}`, 0o755)
  for (const name of PROXMOX_COMMANDS) link('../pct-client', `${LIB}/pct/${name}`)
  for (const name of readdirSync(join(root, 'systemd')).filter(name => /\.(service|socket)$/.test(name))) {
    copy(`systemd/${name}`, `usr/lib/systemd/system/${name}`)
  }
  copy('systemd/sysusers.conf', 'usr/lib/sysusers.d/lxc-autoscale-ml.conf')
  copy('systemd/tmpfiles.conf', 'usr/lib/tmpfiles.d/lxc-autoscale-ml.conf')
  copy('systemd/logrotate.conf', 'etc/logrotate.d/lxc-autoscale-ml')
  for (const name of CONFIG_FILES) copy(`config/${name}`, `etc/lxc_autoscale_ml/${name}`)
  stageOperatorFiles({ copy, put })

  copy('scripts/package/debian/copyright', `${DOC}/copyright`)
  const licences = foreignLicences({ npmPackages, nodeLicence: findNodeLicence(process.execPath) })
  put(`${DOC}/LICENSES.gz`, gzipSync(licences, { level: 9 }))
  put(`${DOC}/changelog.gz`, gzipSync(debianChangelog({ version, date }), { level: 9 }))
  put(`${DOC}/CHANGELOG.md.gz`, gzipSync(readFileSync(join(root, 'CHANGELOG.md')), { level: 9 }))
  copy('scripts/package/debian/lintian-overrides', 'usr/share/lintian/overrides/lxc-autoscale-ml')
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
