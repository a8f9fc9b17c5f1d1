import { parseConfig } from '@lxc-autoscale/core'
import { expect, test } from 'vitest'
import { API_CONFIG_RULES } from '../../../packages/api/src/config.ts'

const read = (text: string) => parseConfig({ file: 'api.yaml', text }, API_CONFIG_RULES)

test('is safe without any key: loopback only, with authentication', () => {
  expect(read('').config).toMatchObject({
    server: { host: '127.0.0.1', port: 5000 },
    authentication: { enabled: true },
  })
})

test('refuses to listen to the network without authentication', () => {
  const text = 'server: {host: 0.0.0.0}\nauthentication: {enabled: false}\n'
  expect(() => read(text)).toThrow('authentication.enabled: must be true when server.host is not a loopback address')
})

test.each(['127.0.0.1', '127.8.0.1', '::1', 'localhost'])('may go without authentication on %s', host => {
  expect(read(`server: {host: "${host}"}\nauthentication: {enabled: false}\n`).config.authentication.enabled).toBe(
    false,
  )
})

test('accepts every key of the Python predecessor, with a warning for those that have no use any more', () => {
  const text = `
server: {host: 127.0.0.1, port: 5000}
lxc: {node: proxmox, default_storage: local-lvm, timeout_seconds: 10, verify_ssl: false}
rate_limiting: {enabled: true, max_requests_per_minute: 120, time_window_seconds: 60}
authentication: {enabled: true, api_key: first-key-1, api_keys: [second-key-2]}
logging: {level: DEBUG, rotate: true, max_log_size_mb: 10, backup_count: 5, log_file: /tmp/x.log, log_format: json}
error_handling: {show_stack_traces: false, log_errors: true, notify_on_critical_errors: false, notification_recipients: []}
gunicorn: {workers: 1}
`
  const { config, warnings } = read(text)
  expect(config.lxc).toMatchObject({ node: 'proxmox', default_storage: 'local-lvm', timeout_seconds: 10 })
  expect(config.authentication).toMatchObject({ api_key: 'first-key-1', api_keys: ['second-key-2'] })
  expect(warnings).toHaveLength(5)
})

test.each([
  ['authentication: {api_keys: [short]}', 'authentication.api_keys'],
  ['authentication: {api_keys: [{name: x, key: longenough, role: root}]}', 'authentication.api_keys'],
  ['authentication: {api_keys: ["sha256:abc"]}', 'authentication.api_keys'],
  [
    'authentication:\n  api_keys:\n    - {name: x, key: longenough1}\n    - other-key\n    - {name: x, key: longenough2}\n',
    'api.yaml:5: authentication.api_keys.2.name: another key is named "x" already; give one of them a name of its own',
  ],
  [
    'authentication: {api_key: first-key, api_keys: [{name: api_key, key: longenough}]}',
    'authentication.api_keys.0.name: another key is named "api_key" already',
  ],
  [
    'authentication: {api_keys: [{name: lxc-autoscale, key: longenough}]}',
    'authentication.api_keys.0.name: the API keeps the name "lxc-autoscale" for itself',
  ],
  ['safety: {limits: {min_cores: 4, max_cores: 2}}', 'safety.limits.min_cores: must not be above max_cores'],
  ['safety: {containers: {"12": {max_cores: 2}}}', 'safety.containers'],
  [
    'safety: {limits: {max_memory_mb: 2048}, containers: {"101": {min_memory_mb: 4096}}}',
    'safety.containers.101.min_memory_mb: 4096 is above safety.limits.max_memory_mb, 2048',
  ],
  [
    'safety: {limits: {min_cores: 2}, containers: {"101": {max_cores: 1}}}',
    'safety.containers.101.max_cores: 1 is below safety.limits.min_cores, 2',
  ],
  ['lxc: {node: "a/b"}', 'lxc.node: must be a node name'],
  ['server: {prot: 1}', 'server.prot: unknown key; did you mean port?'],
])('refuses %s', (text, problem) => {
  expect(() => read(text)).toThrow(problem)
})
