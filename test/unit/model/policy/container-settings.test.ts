import { describe, expect, test } from 'vitest'
import { TiersSection } from '../../../../packages/model/src/policy/settings.ts'
import { settings } from '../../../builders/sizing.ts'

const tiers = TiersSection.parse({
  web: { names: ['web-*'], min_cpu_cores: 2, max_ram_mb: 8_192 },
  database: { ids: [105], tags: ['db'], mode: 'grow_only', weight: 4 },
})

describe('containerSettings', () => {
  test('takes what the administrator left out from the host', () => {
    const { sizing, provenance } = settings()
    expect(sizing).toMatchObject({ minCores: 1, maxCores: 16, minMemoryMb: 128, maxMemoryMb: 65_536 })
    expect(provenance['max_cpu_cores']).toEqual({ value: 16, from: 'the host' })
  })

  test('names what the administrator said of the host as the source, not the host', () => {
    const { provenance } = settings({ total_cores: 4, total_ram_mb: 8_192, max_ram_mb: 2_048 })
    expect(provenance['max_cpu_cores']).toEqual({ value: 4, from: 'total_cores' })
    expect(provenance['max_ram_mb']).toEqual({ value: 2_048, from: 'scaling' })
  })

  test.each([
    ['its host name', { name: 'WEB-3' }, 'tier web'],
    ['its number', { vmid: 105, name: 'x' }, 'tier database'],
    ['a tag', { name: 'x', tags: ['prod', 'DB'] }, 'tier database'],
    ['the tag of the tier, before its name', { name: 'web-1', tags: ['autoscale-tier-database'] }, 'tier database'],
  ])('finds the tier by %s', (_, input, from) => {
    const { provenance } = settings({}, { ...input, tiers })
    expect([provenance['min_cpu_cores']?.from, provenance['mode']?.from]).toContain(from)
  })

  test('a value says where it is from, and a mode by command wins over all of them', () => {
    const from = (input: object) => settings({ min_ram_mb: 256 }, { name: 'x', tiers, ...input }).provenance
    expect([from({})['min_ram_mb']?.from, from({})['min_cpu_cores']?.from]).toEqual(['scaling', 'default'])
    const ordered = from({ vmid: 105, tags: ['autoscale-off'], ignoreLxc: [105], orderedMode: 'recommend' })
    expect(ordered['mode']).toEqual({ value: 'recommend', from: 'lxc-autoscale mode' })
  })

  test('a tier changes what it names and nothing else', () => {
    const { sizing, scaling } = settings({ min_ram_mb: 256 }, { name: 'web-1', tiers })
    expect(sizing).toMatchObject({ minCores: 2, minMemoryMb: 256, maxMemoryMb: 8_192 })
    expect(scaling).toMatchObject({ weight: 1, mode: 'auto' })
  })

  test('a minimum is never above the maximum in force, wherever the two come from, and says so', () => {
    const scaling = { max_ram_mb: 2_048, max_cpu_cores: 1 }
    const large = TiersSection.parse({ large: { names: ['web'], min_ram_mb: 4_096, min_cpu_cores: 3 } })
    const { sizing, scaling: inForce, provenance } = settings(scaling, { tiers: large })
    expect(sizing).toMatchObject({ minCores: 1, maxCores: 1, minMemoryMb: 2_048, maxMemoryMb: 2_048 })
    expect(inForce).toMatchObject({ min_ram_mb: 2_048, min_cpu_cores: 1 })
    expect(provenance['min_ram_mb']).toEqual({
      value: 2_048,
      from: 'max_ram_mb of scaling, which the 4096 of tier large is above',
    })
  })

  test('nor above what the host has', () => {
    const host = { cores: 2, memoryMb: 1_000.5 }
    const { sizing, provenance } = settings({ min_ram_mb: 4_096, min_cpu_cores: 4 }, { host })
    expect(sizing).toMatchObject({ minCores: 2, maxCores: 2, minMemoryMb: 1_000, maxMemoryMb: 1_000 })
    expect(provenance['min_cpu_cores']?.from).toBe('max_cpu_cores of the host, which the 4 of scaling is above')
  })

  test('there is no smaller size than one step', () => {
    expect(settings({ min_cpu_cores: 0.5, max_cpu_cores: 0.5 }).sizing).toMatchObject({ minCores: 1, maxCores: 1 })
  })

  test.each([
    ['ignore_lxc', { ignoreLxc: [101] }, 'off', 'ignore_lxc'],
    ['the tag autoscale-off', { tags: ['Autoscale-Off'] }, 'off', 'tag autoscale-off'],
    ['the tag autoscale-pause', { tags: ['autoscale-pause'] }, 'recommend', 'tag autoscale-pause'],
    ['both tags', { tags: ['autoscale-pause', 'autoscale-off'] }, 'off', 'tag autoscale-off'],
  ])('%s decides the mode and is named', (_, input, mode, from) => {
    expect(settings({}, input)).toMatchObject({ scaling: { mode }, provenance: { mode: { value: mode, from } } })
  })

  test('gives tenths of a core where they are given by quota', () => {
    expect(settings({ cpu_unit: 'cpulimit', min_cpu_cores: 0.25 }).sizing).toMatchObject({
      coresStep: 0.1,
      minCores: 0.3,
    })
  })

  test.each([
    ['web-*', 'web-1', 'off'],
    ['*-db', 'main-DB', 'off'],
    ['a*b*c', 'a-b-b-c', 'off'],
    ['*', 'any', 'off'],
    ['a*a', 'a', 'auto'],
    ['*ab*ba*', 'aba', 'auto'],
    ['a*b*c', 'a-c-b', 'auto'],
    [`${'a*'.repeat(40)}b`, 'a'.repeat(63), 'auto'],
  ])('the pattern %s, and the name %s: %s', (pattern, name, mode) => {
    const tiers = TiersSection.parse({ a: { names: [pattern], mode: 'off' } })
    expect(settings({}, { name, tiers }).scaling.mode).toBe(mode)
  })

  test('takes a pattern literally but for its stars', () => {
    const literal = TiersSection.parse({ a: { names: ['a.b'], mode: 'off' } })
    expect(settings({}, { name: 'axb', tiers: literal }).scaling.mode).toBe('auto')
    expect(settings({}, { name: 'a.b', tiers: literal }).scaling.mode).toBe('off')
  })
})
