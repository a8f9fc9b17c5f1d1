import { parseConfig } from '@lxc-autoscale/core'
import { describe, expect, test } from 'vitest'
import { MONITOR_RULES } from '../../../packages/monitor/src/config.ts'

const parse = (text: string) => parseConfig({ file: 'lxc_monitor.yaml', text }, MONITOR_RULES)

/** Every key of the Python predecessor's file. */
const PREDECESSOR = `
logging:
  log_file: "/var/log/lxc_monitor.log"
  log_max_bytes: 5242880
  log_backup_count: 7
  log_level: "INFO"
  log_format: "%(asctime)s %(message)s"
monitoring:
  export_file: "/var/log/lxc_metrics.json"
  check_interval: 60
  enable_swap: true
  enable_network: true
  enable_filesystem: true
  parallel_processing: true
  max_workers: 8
  excluded_devices: ['loop', 'dm-']
  retry_limit: 3
  retry_delay: 2
  command_timeout: 30
  max_metrics_entries: 1000
`

describe('lxc_monitor.yaml', () => {
  test('may be empty', () => {
    expect(parse('').config).toMatchObject({
      monitoring: { export_file: '/var/log/lxc_metrics.json', check_interval: 10, max_metrics_entries: 1_000 },
      metrics: { port: 9_105 },
      host: { proc: '/proc', cgroup: '/sys/fs/cgroup', pve: '/etc/pve' },
    })
  })

  test('of the predecessor is accepted, with one warning for the key that has lost its meaning', () => {
    const { config, warnings } = parse(PREDECESSOR)
    expect(config.monitoring).toMatchObject({ check_interval: 60, max_workers: 8 })
    expect(warnings).toEqual([
      'lxc_monitor.yaml:7: logging.log_format is not used any more: the log file has one JSON object per line, the journal has text',
    ])
  })

  test.each([
    [
      'monitoring: {check_intervall: 5}',
      'lxc_monitor.yaml:1: monitoring.check_intervall: unknown key; did you mean check_interval?',
    ],
    ['monitoring: {check_interval: 0.5}', 'check_interval'],
    ['monitoring: {max_metrics_entries: 1}', 'max_metrics_entries'],
    ['monitoring: {export_file: ""}', 'export_file'],
    ['metrics: {port: 70000}', 'metrics.port'],
  ])('is refused: %s', (text, message) => {
    expect(() => parse(text)).toThrow(message)
  })
})
