import { parseConfig } from '@lxc-autoscale/core'
import { describe, expect, test } from 'vitest'
import { API_CONFIG_RULES } from '../../../../packages/api/src/config.ts'
import { targetName } from '../../../../packages/api/src/news/notifications-section.ts'
import { newsSettings } from '../../../../packages/api/src/news-sources.ts'

const read = (text: string) => newsSettings(parseConfig({ file: 'api.yaml', text }, API_CONFIG_RULES).config)
const readTarget = (target: string) => read(`notifications:\n  targets:\n    - ${target}\n`)

test('without a word nobody is told anything', () => {
  expect(read('')).toMatchObject({ targets: [], max_per_hour: 10, dashboard_url: undefined })
})

test.each([
  '{type: mail, to: admin@example.org}',
  '{type: mail, to: root}',
  '{type: mail, to: [root, "Some Body <some.body@example.org>"], from: pve1@example.org}',
  '{type: mail, to: a@b.cd, smtp: {host: mail.example.org, port: 465, username: me, password_file: /x}}',
  '{type: ntfy, topic: my-topic_1}',
  '{type: ntfy, topic: t, url: "https://ntfy.example.org", token: tk_1}',
  '{type: gotify, url: "http://10.0.0.1:8080", token_file: /x}',
  '{type: webhook, url: "https://example.org/hook?x=1"}',
  '{type: webhook, url_file: /x, token: secret}',
])('%s is a target', target => {
  expect(readTarget(target).targets).toHaveLength(1)
})

test.each([
  ['{type: pager}', 'api.yaml:3: notifications.targets.0.type'],
  ['{type: mail}', 'notifications.targets.0.to: is missing: a mail address'],
  ['{type: mail, to: []}', 'notifications.targets.0.to'],
  [
    '{type: mail, to: "a@b.cd\\nBcc: c@d.ef"}',
    'notifications.targets.0.to: must be one mail address, such as admin@example.org',
  ],
  ['{type: mail, to: "a@b.cd, c@d.ef"}', 'notifications.targets.0.to'],
  ['{type: mail, to: a@b.cd, topic: x}', 'notifications.targets.0.topic: is not for mail, which has to, from, smtp'],
  ['{type: mail, to: a@b.cd, smtp: {password: x}}', 'notifications.targets.0.smtp.username: is missing'],
  [
    '{type: mail, to: a@b.cd, smtp: {host: far.example.org, security: none, username: x, password: y}}',
    'notifications.targets.0.smtp.security: must not be none: the password would cross the network',
  ],
  ['{type: mail, to: a@b.cd, smtp: {prot: 25}}', 'unknown key'],
  ['{type: ntfy}', 'notifications.targets.0.topic: is missing'],
  ['{type: gotify, url: "https://x.example.org"}', 'notifications.targets.0.token: is missing'],
  ['{type: gotify, url: "https://x.example.org", token: a, token_file: b}', 'token_file: cannot stand beside token'],
  ['{type: gotify, token: a}', 'notifications.targets.0.url: is missing: the address of the server'],
  ['{type: webhook}', 'notifications.targets.0.url: is missing'],
  ['{type: webhook, url: "ftp://example.org"}', 'notifications.targets.0.url: must be a http:// or https:// address'],
  [
    '{type: mail, to: root}\n    - {type: mail, to: a@b.cd}',
    'notifications.targets.1.name: another target is called mail too',
  ],
])('%s is refused: %s', (target, message) => {
  expect(() => readTarget(target)).toThrow(message)
})

test.each([
  ['{type: webhook, url: "ftp://example.org/t0-secret"}'],
  ['{type: ntfy, topic: "t0-secret with spaces"}'],
  ['{type: gotify, url: "https://x.example.org", token: "t0-secret with spaces"}'],
])('what is refused of %s does not show the secret', target => {
  expect(() => readTarget(target)).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining('t0-secret') }),
  )
})

test('a time of the summary that is none is refused', () => {
  expect(() => read('notifications: {daily_summary_at: "25:00"}')).toThrow('must be a time of day such as 08:00')
})

describe('the keys of the Python predecessor', () => {
  const names = (text: string) => read(text).targets.map(targetName)

  test('make a target of mail through the server of this host', () => {
    const { targets } = read(
      'error_handling: {notify_on_critical_errors: true, notification_recipients: [me@pve.test]}',
    )
    expect(targets).toEqual([{ type: 'mail', name: 'notification_recipients', to: ['me@pve.test'] }])
  })

  test('stand beside other targets', () => {
    const text =
      'error_handling: {notification_recipients: [root]}\nnotifications: {targets: [{type: mail, to: a@b.cd}]}\n'
    expect(names(text)).toEqual(['mail', 'notification_recipients'])
  })

  test.each([
    'error_handling: {notify_on_critical_errors: false, notification_recipients: [me@pve.test]}',
    'error_handling: {notify_on_critical_errors: true, notification_recipients: []}',
    'error_handling: {notify_on_critical_errors: true, notification_recipients: [admin@example.com]}',
  ])('send nothing: %s', text => {
    expect(names(text)).toEqual([])
  })
})

test.each([
  ['server: {host: 127.0.0.1}', undefined],
  ['server: {host: 0.0.0.0}', undefined],
  ['server: {host: 192.0.2.7, port: 5001}', 'http://192.0.2.7:5001/'],
  ['server: {host: "2001:db8::7"}', 'http://[2001:db8::7]:5000/'],
  ['notifications: {dashboard_url: "https://pve.example.org/ml/"}', 'https://pve.example.org/ml/'],
])('the dashboard by "%s" is at %s', (text, url) => {
  expect(read(text).dashboard_url).toBe(url)
})
