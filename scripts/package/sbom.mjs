/**
 * What the package is made of, as a CycloneDX document: the npm packages that are in the bundles, and Node.js. By what was
 * bundled, not by what is installed: `npm sbom` also names what never gets to a user, the moment, and a random number.
 */
export function billOfMaterials({ version, npmPackages, node }) {
  const subject = {
    type: 'application',
    'bom-ref': 'lxc-autoscale-ml',
    name: 'lxc-autoscale-ml',
    version,
    licenses: licences('MIT'),
  }
  const parts = [
    ...npmPackages.map(({ name, version, license, integrity }) => ({
      ...npmComponent({ type: 'library', name, version, integrity }),
      licenses: licences(license),
    })),
    {
      ...npmComponent({ type: 'platform', name: node.name, version: node.version, integrity: node.integrity }),
      description: 'Node.js, with the libraries that are part of it',
      cpe: `cpe:2.3:a:nodejs:node.js:${node.version}:*:*:*:lts:*:*:*`,
      licenses: licences('MIT'),
    },
  ]
  // Two packages that need the same third one may each have brought it.
  const components = [...new Map(parts.map(part => [part['bom-ref'], part])).values()]
  const document = {
    $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: { component: subject },
    components,
    dependencies: [{ ref: subject['bom-ref'], dependsOn: components.map(component => component['bom-ref']) }],
  }
  return `${JSON.stringify(document, undefined, 1)}\n`
}

function npmComponent({ type, name, version, integrity }) {
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`
  return { type, 'bom-ref': purl, name, version, purl, hashes: [hash(integrity)] }
}

/** The hash of a lock file as CycloneDX wants it. */
function hash(integrity) {
  const [algorithm, base64] = integrity.split('-')
  return { alg: algorithm.replace('sha', 'SHA-'), content: Buffer.from(base64, 'base64').toString('hex') }
}

function licences(id) {
  return [{ license: { id } }]
}
