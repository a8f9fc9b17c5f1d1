import { X509Certificate } from 'node:crypto'
import { MS_PER_HOUR } from '@lxc-autoscale/core/units'
import type { HostPaths } from '../files/host-paths.ts'
import { readIfThere, replaceText } from '../files/json-file.ts'
import { sharedPve } from '../host/cluster-place.ts'

export interface KeyAndCertificate {
  readonly key: string
  readonly cert: string
}

const MS_PER_DAY = 24 * MS_PER_HOUR
const ALGORITHM = { algorithm: 'sha256', keyType: 'ec', curve: 'P-256' } as const

/**
 * The certificate of a node, in the places where a cluster keeps it and its authority; made when it is not there yet. Source:
 * pve-cluster, Cluster/Setup.pm; the keys are of an elliptic curve, which are made in no time.
 */
export async function nodeCertificate(paths: HostPaths, node: string): Promise<KeyAndCertificate> {
  const pve = sharedPve(paths)
  const place = { key: `${pve}/nodes/${node}/pve-ssl.key`, cert: `${pve}/nodes/${node}/pve-ssl.pem` }
  const made = readPair(place)
  if (made !== undefined) return made
  const ca = { key: `${pve}/priv/pve-root-ca.key`, cert: `${pve}/pve-root-ca.pem` }
  const authority = readPair(ca) ?? writePair(ca, await newAuthority())
  replaceText(`${paths.pve}/pve-root-ca.pem`, authority.cert)
  return writePair(place, await newCertificate(authority, node))
}

/** As `X509Certificate` and the pages of Proxmox write it. */
export function fingerprintOf({ cert }: KeyAndCertificate): string {
  return new X509Certificate(cert).fingerprint256
}

/** An authority that signs the certificates of one cluster. */
export async function newAuthority(): Promise<KeyAndCertificate> {
  return await generate(
    [
      { name: 'commonName', value: 'Proxmox Virtual Environment' },
      { shortName: 'OU', value: crypto.randomUUID() },
      { name: 'organizationName', value: 'PVE Cluster Manager CA' },
    ],
    {
      ...validFor(3_650),
      extensions: [
        { name: 'basicConstraints', cA: true, critical: true },
        { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
      ],
    },
  )
}

/** The certificate of one node of it. */
export async function newCertificate(authority: KeyAndCertificate, node: string): Promise<KeyAndCertificate> {
  return await generate(
    [
      { shortName: 'OU', value: 'PVE Cluster Node' },
      { name: 'organizationName', value: 'Proxmox Virtual Environment' },
      { name: 'commonName', value: node },
    ],
    {
      ...validFor(730),
      ca: authority,
      extensions: [
        { name: 'basicConstraints', cA: false },
        { name: 'extKeyUsage', serverAuth: true },
        {
          name: 'subjectAltName',
          altNames: [
            { type: 7, ip: '127.0.0.1' },
            { type: 7, ip: '::1' },
            { type: 2, value: 'localhost' },
            { type: 2, value: node },
          ],
        },
      ],
    },
  )
}

type Generate = typeof import('selfsigned').generate

/** The library is loaded only here: most users of a pretend host need no certificate. */
async function generate(
  subject: NonNullable<Parameters<Generate>[0]>,
  options: NonNullable<Parameters<Generate>[1]>,
): Promise<KeyAndCertificate> {
  const { generate: make } = await import('selfsigned')
  const { private: key, cert } = await make(subject, { ...ALGORITHM, ...options })
  return { key, cert }
}

/** From yesterday on, for clocks that are behind. */
function validFor(days: number) {
  const from = Date.now() - MS_PER_DAY
  return { notBeforeDate: new Date(from), notAfterDate: new Date(from + days * MS_PER_DAY) }
}

function readPair(place: KeyAndCertificate): KeyAndCertificate | undefined {
  const key = readIfThere(place.key)
  const cert = readIfThere(place.cert)
  return key === undefined || cert === undefined ? undefined : { key, cert }
}

function writePair(place: KeyAndCertificate, pair: KeyAndCertificate): KeyAndCertificate {
  replaceText(place.key, pair.key)
  replaceText(place.cert, pair.cert)
  return pair
}
