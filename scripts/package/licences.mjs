import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Licences (SPDX) under which a package of others may be given on with ours. */
const ALLOWED = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'Unlicense',
])

/** The packages among `packages` that may not be given on, with the reason: `name version (licence)`. */
export function licenceProblems(packages) {
  return packages
    .filter(({ license }) => !ALLOWED.has(license))
    .map(({ name, version, license }) => `${name} ${version} (${license ?? 'no licence'})`)
}

/** The text of the licences of everything that is in the package and is not ours: bundled npm packages and Node.js. */
export function foreignLicences({ npmPackages, node }) {
  const problems = licenceProblems(npmPackages)
  if (problems.length > 0) throw new Error(`licences that are not allowed: ${problems.join(', ')}`)
  return [
    ...npmPackages.flatMap(({ name, version, license, folder }) => [
      heading(`${name} ${version} (${license})`),
      licenceText(folder) ?? `Licence: ${license}\n`,
    ]),
    heading(`Node.js ${node.version}, with the libraries that are part of it`),
    node.licence,
  ].join('\n')
}

function heading(text) {
  return `\n${'-'.repeat(100)}\n${text}\n${'-'.repeat(100)}\n`
}

function licenceText(folder) {
  const file = readdirSync(folder)
    .sort()
    .find(name => /^(licen[cs]e|copying)(\.|-|$)/i.test(name))
  return file === undefined ? undefined : readFileSync(join(folder, file), 'utf8')
}
