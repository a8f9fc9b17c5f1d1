const CORE = 'packages/core/src'
const HOST = 'packages/host/src'
const MONITOR = 'packages/monitor/src'
const MODEL = 'packages/model/src'
const API = 'packages/api/src'

/**
 * Deliberate bugs, each one small enough to pass a review: `from` stands once in `file` and becomes `to`. `suites` are the tests
 * that must notice, the quickest first: project, then files.
 * ADD YOURS HERE
 */
export const MUTANTS = [
  // What the kernel says.
  {
    name: 'the floor leaves the kernel memory out',
    file: `${HOST}/cgroup/memory.ts`,
    from: 'sum(Math.max(byKind, byList), kernel)',
    to: 'Math.max(byKind, byList)',
    suites: [['unit', 'test/unit/host', 'test/unit/monitor/captured-hosts.test.ts', 'test/unit/api/host']],
  },
  {
    name: 'locked pages are not part of the floor',
    file: `${HOST}/cgroup/memory.ts`,
    from: 'const byList = sum(inactiveAnon, activeAnon, unevictable)',
    to: 'const byList = sum(inactiveAnon, activeAnon)',
    suites: [['unit', 'test/unit/host', 'test/unit/monitor']],
  },
  {
    name: 'shared memory does not count as used',
    file: `${HOST}/cgroup/memory.ts`,
    from: 'Math.max(charged - cache + shmem, floor ?? 0)',
    to: 'Math.max(charged - cache, floor ?? 0)',
    suites: [['unit', 'test/unit/host', 'test/unit/monitor/captured-hosts.test.ts']],
  },
  {
    name: 'a part that is not known is taken for zero',
    file: `${HOST}/cgroup/memory.ts`,
    from: '    if (value === undefined) return undefined\n    total += value',
    to: '    total += value ?? 0',
    suites: [['unit', 'test/unit/host', 'test/unit/monitor', 'test/unit/api/host']],
  },
  {
    name: 'parts of memory may be any multiple of what is charged',
    file: `${HOST}/bounds.ts`,
    from: 'return chargedBytes + Math.max(64 * BYTES_PER_MB, chargedBytes / 8)',
    to: 'return 1_000 * (chargedBytes + Math.max(64 * BYTES_PER_MB, chargedBytes / 8))',
    suites: [['unit', 'test/unit/host', 'test/unit/monitor']],
  },
  {
    name: 'a quota is overlooked',
    file: `${HOST}/cgroup/cpu-allowance.ts`,
    from: 'return Math.min(cpusetCores, quotaCores)',
    to: 'return cpusetCores',
    suites: [['unit', 'test/unit/host', 'test/unit/monitor']],
  },
  {
    name: 'a snapshot section overrides the live configuration',
    file: `${HOST}/pve/lxc-conf.ts`,
    from: 'if (snapshot !== undefined || PENDING.test(line)) section = new Section()',
    to: 'if (PENDING.test(line)) section = new Section()',
    suites: [['unit', 'test/unit/host/pve']],
  },
  {
    name: 'cpulimit 0 means no cores',
    file: `${HOST}/pve/lxc-conf.ts`,
    from: 'cpuLimit: cpuLimit === 0 ? undefined : cpuLimit,',
    to: 'cpuLimit,',
    suites: [['unit', 'test/unit/host/pve', 'test/unit/api']],
  },
  // What the monitor makes of it.
  {
    name: 'a counter that jumps is believed',
    file: `${MONITOR}/derive/counter.ts`,
    from: 'return growth === 0 || (growth > 0 && growth <= this.#bounds.mostGrowth(elapsedMs))',
    to: 'return growth >= 0',
    suites: [['unit', 'test/unit/monitor/derive']],
  },
  {
    name: 'a failed write of the metrics file is not taken back',
    file: `${MONITOR}/store/metrics-file.ts`,
    from: '      await this.#takeBack(current, position, tail)\n',
    to: '      if (tail.length === 0) await this.#takeBack(current, position, tail)\n',
    suites: [
      ['unit', 'test/unit/monitor/store'],
      ['faults', 'test/faults/store-faults.test.ts'],
    ],
  },
  {
    name: 'a metrics file that was moved away is written on',
    file: `${MONITOR}/store/metrics-file.ts`,
    from: 'return found.dev === device && found.ino === inode && found.size === sizeBytes',
    to: 'return found.size >= 0 && sizeBytes >= 0 && device >= 0 && inode >= 0',
    suites: [['unit', 'test/unit/monitor/store']],
  },
  // What is learned.
  {
    name: 'stale data are decided on',
    file: `${MODEL}/policy/rules/require-sound-data.ts`,
    from: 'if (ageMs > maxDataAgeMs) {',
    to: 'if (ageMs > 100 * maxDataAgeMs) {',
    suites: [['unit', 'test/unit/model/policy']],
  },
  {
    name: 'an allocation that is not known is decided on',
    file: `${MODEL}/policy/rules/require-sound-data.ts`,
    from: 'allocation.cores === undefined && allocation.memoryMb === undefined',
    to: 'allocation.cores === undefined && allocation.memoryMb === 0',
    suites: [['unit', 'test/unit/model/policy']],
  },
  {
    name: 'samples are learned twice',
    file: `${MODEL}/history/container-history.ts`,
    from: 'if (markMs <= this.#markMs) return false',
    to: 'if (markMs < this.#markMs) return false',
    suites: [['unit', 'test/unit/model/history']],
  },
  {
    name: 'more memory in use than the host has is learned',
    file: `${MODEL}/history/implausible.ts`,
    from: 'if (memoryUsageMb !== undefined && memoryUsageMb > (host?.memoryMb ?? memoryUsageMb)) {',
    to: 'if (memoryUsageMb !== undefined && memoryUsageMb > 1_000 * (host?.memoryMb ?? memoryUsageMb)) {',
    suites: [['unit', 'test/unit/model/history']],
  },
  {
    name: 'a leaf of the forest counts no rows that it still holds',
    file: `${MODEL}/forest/isolation-tree.ts`,
    from: 'nodes.value[node] = depth + averagePathLength(end - start)',
    to: 'nodes.value[node] = depth',
    suites: [['unit', 'test/unit/model/forest']],
  },
  {
    name: 'a tree draws the same row more than once',
    file: `${MODEL}/forest/isolation-tree.ts`,
    from: 'const j = i + random.below(rows - i)',
    to: 'const j = random.below(rows)',
    suites: [['unit', 'test/unit/model/forest']],
  },
  // What is decided.
  {
    name: 'memory shrinks below what the API calls safe',
    file: `${MODEL}/policy/rules/limit-memory-shrink.ts`,
    from: 'Math.ceil(Math.max(leastMemoryMb, needMb, stepMb))',
    to: 'Math.ceil(Math.max(needMb, stepMb))',
    suites: [['unit', 'test/unit/model/policy']],
  },
  {
    name: 'memory shrinks in one step',
    file: `${MODEL}/policy/rules/limit-memory-shrink.ts`,
    from: 'Math.ceil(Math.max(leastMemoryMb, needMb, stepMb))',
    to: 'Math.ceil(Math.max(leastMemoryMb, needMb))',
    suites: [['unit', 'test/unit/model/policy']],
  },
  {
    name: 'memory shrinks while the container stalls',
    file: `${MODEL}/policy/rules/limit-memory-shrink.ts`,
    from: 'if (pressure >= pressure_limit_percent / 4 && pressure > 0) {',
    to: 'if (pressure >= pressure_limit_percent * 4 && pressure > 0) {',
    suites: [['unit', 'test/unit/model/policy']],
  },
  {
    name: 'a container shrinks while it is being learned',
    file: `${MODEL}/policy/rules/hold-shrinking.ts`,
    from: 'facts.settings.scaling.learning_hours * MS_PER_HOUR - facts.observedMs',
    to: 'facts.settings.scaling.learning_hours - facts.observedMs',
    suites: [['unit', 'test/unit/model/policy']],
  },
  {
    name: 'the mode grow_only shrinks',
    file: `${MODEL}/policy/rules/hold-shrinking.ts`,
    from: "facts.settings.scaling.mode === 'grow_only'",
    to: "facts.settings.scaling.mode === 'off'",
    suites: [['unit', 'test/unit/model/policy']],
  },
  {
    name: 'one change more than the budget',
    file: `${MODEL}/policy/rules/limit-changes.ts`,
    from: 'if (recentChanges < budget && isKnown) return draft',
    to: 'if (recentChanges <= budget && isKnown) return draft',
    suites: [['unit', 'test/unit/model/policy']],
  },
  {
    name: 'growth goes beyond the maximum',
    file: `${MODEL}/policy/rules/keep-within-limits.ts`,
    from: 'const within = to > from || to <= max ? Math.min(max, least) : least',
    to: 'const within = least',
    suites: [['unit', 'test/unit/model/policy']],
  },
  {
    name: 'a locked container is changed',
    file: `${MODEL}/policy/rules/require-quiet-container.ts`,
    from: "if (lock !== undefined && lock !== '') return",
    to: "if (lock === '') return",
    suites: [['unit', 'test/unit/model/policy']],
  },
  {
    name: 'an OOM kill makes nothing grow',
    file: `${MODEL}/policy/rules/grow-under-pressure.ts`,
    from: 'if (oomKill > 0) return',
    to: 'if (oomKill > 1_000) return',
    suites: [['unit', 'test/unit/model/policy']],
  },
  {
    name: 'the reserve of the host is given away',
    file: `${MODEL}/policy/share-host.ts`,
    from: 'const free = Math.max(0, host.memoryAvailableMb - host.memoryReserveMb)',
    to: 'const free = Math.max(0, host.memoryAvailableMb)',
    suites: [['unit', 'test/unit/model/policy/share-host.test.ts']],
  },
  // How the API is asked.
  {
    name: 'the breaker never closes again',
    file: `${MODEL}/client/circuit-breaker.ts`,
    from: "} else if (isProbe) this.#enter('closed')",
    to: "} else if (isProbe) this.#enter('half-open')",
    suites: [['unit', 'test/unit/model/client']],
  },
  {
    name: 'a refusal is sent again and again',
    file: `${MODEL}/client/retry-delay.ts`,
    from: "errorVerdict(error.code).retry === 'soon'",
    to: "errorVerdict(error.code).retry !== 'soon'",
    suites: [['unit', 'test/unit/model/client']],
  },
  {
    name: 'changes are sent without an idempotency key',
    file: `${MODEL}/client/scaling-client.ts`,
    from: "headers: { 'idempotency-key': change.idempotencyKey },",
    to: 'headers: {},',
    suites: [['unit', 'test/unit/model/client']],
  },
  // What the API allows.
  {
    name: 'two changes of one container run at once',
    file: `${API}/pct/container-queue.ts`,
    from: 'return vmids.every(vmid => !this.#busy.has(vmid))',
    to: 'return vmids.length > 0',
    suites: [['unit', 'test/unit/api/pct']],
  },
  {
    name: 'the host may be given away beyond its reserve by a request',
    file: `${API}/changes/safety-rules.ts`,
    from: 'if (leftMb < safety.host_memory_reserve_mb) {',
    to: 'if (leftMb < 0) {',
    suites: [['unit', 'test/unit/api/changes']],
  },
  {
    name: 'a change is made without quorum',
    file: `${API}/changes/safety-rules.ts`,
    from: 'if (cluster.members()?.isQuorate !== false) return',
    to: 'if (cluster.members()?.isQuorate !== undefined) return',
    suites: [
      ['unit', 'test/unit/api/changes'],
      ['contract', 'test/contract/api-pct-errors.test.ts'],
    ],
  },
  {
    name: 'memory shrinks right before pct is run although it grew',
    file: `${API}/changes/scale-container.ts`,
    from: 'if (!force) checkFloor()',
    to: 'if (force) checkFloor()',
    suites: [['unit', 'test/unit/api/changes']],
  },
  {
    name: 'nobody looks at the memory while pct waits for its lock',
    file: `${API}/changes/scale-container.ts`,
    from: 'checkFloor: force ? undefined : checkFloor',
    to: 'checkFloor: force ? checkFloor : undefined',
    suites: [
      ['unit', 'test/unit/api/changes'],
      ['contract', 'test/contract'],
      ['faults', 'test/faults'],
    ],
  },
  {
    name: 'Proxmox is not told what a change was decided from',
    file: `${API}/changes/scale-container.ts`,
    from: 'setResources(facts.vmid, missing, facts.digest)',
    to: 'setResources(facts.vmid, missing)',
    suites: [['unit', 'test/unit/api/changes']],
  },
  {
    name: 'nobody looks at a container after its memory was lowered',
    file: `${API}/changes/shrink-watch.ts`,
    from: 'const WATCH_MS = 10_000',
    to: 'const WATCH_MS = 10',
    suites: [['unit', 'test/unit/api/changes']],
  },
  {
    name: 'a command cannot be stopped while it waits for its lock',
    file: `${API}/changes/change-runner.ts`,
    from: '        return stop\n',
    to: '        return stop?.aborted ? stop : undefined\n',
    suites: [
      ['unit', 'test/unit/api/changes'],
      ['faults', 'test/faults/change-at-the-write.test.ts'],
    ],
  },
  // What is kept of a change.
  {
    name: 'a line of the audit log is not on the disk when it is said to be',
    file: `${API}/audit/append-file.ts`,
    from: '      await handle.datasync()\n',
    to: '',
    suites: [['unit', 'test/unit/api/audit']],
  },
  {
    name: 'the note of a change goes before its line is written',
    file: `${API}/audit/audit-log.ts`,
    from: '      await this.#file.append(JSON.stringify(entry))\n',
    to: '      await this.#notes.remove(entry.id)\n      await this.#file.append(JSON.stringify(entry))\n',
    suites: [['unit', 'test/unit/api/audit']],
  },
  {
    name: 'a repeated request is not told what came of the first',
    file: `${API}/audit/audit-log.ts`,
    from: '    this.#keyed.remember(entry)\n',
    to: '',
    suites: [
      ['unit', 'test/unit/api'],
      ['contract', 'test/contract/api-repeats.test.ts'],
    ],
  },
  {
    name: 'an audit log that was moved away is written on',
    file: `${API}/audit/append-file.ts`,
    from: 'return found?.ino === inode && found.dev === device ? found.size : undefined',
    to: 'return found?.size ?? (inode + device) * 0',
    suites: [['unit', 'test/unit/api/audit']],
  },
  {
    name: 'a rotation overwrites the newest of the old logs',
    file: `${API}/audit/append-file.ts`,
    from: 'number > 1; number--',
    to: 'number > 2; number--',
    suites: [['unit', 'test/unit/api/audit']],
  },
  {
    name: 'a file has its name before it is on the disk',
    file: `${CORE}/files/replace-file.ts`,
    from: '      await handle.sync()\n',
    to: '',
    suites: [['unit', 'test/unit/core/files']],
  },
  {
    name: 'a temporary file has a name that can be foreseen',
    file: `${CORE}/files/replace-file.ts`,
    from: "randomBytes(8).toString('hex')",
    to: 'randomBytes(0).length',
    suites: [['unit', 'test/unit/core/files']],
  },
  // Who may ask.
  {
    name: 'keys are compared up to the one that fits',
    file: `${API}/http/key-ring.ts`,
    from: 'if (timingSafeEqual(key.digest, digest)) found = key.caller',
    to: 'if (timingSafeEqual(key.digest, digest)) return key.caller',
    suites: [['unit', 'test/unit/api/http']],
  },
  {
    name: 'the connection of a key goes before those without one',
    file: `${API}/http/who-goes-next.ts`,
    from: 'if (isTrusted) return isAsking ? 5 : 4',
    to: 'if (isTrusted) return isAsking ? 5 : 0',
    suites: [['unit', 'test/unit/api/http']],
  },
  // What follows from the audit log.
  {
    name: 'changes of ours do not count after a restart',
    file: `${MODEL}/policy/safety-memory.ts`,
    from: "    if (by === 'us') this.#changes = [",
    to: "    if (by === 'us' && key === undefined) this.#changes = [",
    suites: [['unit', 'test/unit/model/policy', 'test/unit/model/cycle']],
  },
  {
    name: 'a change by a person in the audit log begins no truce',
    file: `${MODEL}/policy/safety-memory.ts`,
    from: "if (by === 'person') this.#beginTruce(atMs + truceMs)",
    to: "if (by === 'person') this.#beginTruce(atMs)",
    suites: [['unit', 'test/unit/model/policy', 'test/unit/model/cycle']],
  },
  {
    name: 'a truce that is not of the audit log ends with the process',
    file: `${MODEL}/policy/safety-memory.ts`,
    from: '      this.#holdsBegun += 1\n      this.#update({ truceUntilMs: nowMs + holds.truceMs })',
    to: '      this.#update({ truceUntilMs: nowMs + holds.truceMs })',
    suites: [
      ['unit', 'test/unit/model/policy', 'test/unit/model/cycle', 'test/unit/model/state'],
      ['faults', 'test/faults/model-kill.test.ts'],
    ],
  },
  {
    name: 'a quarantine ends when what was learned is lost',
    file: `${MODEL}/policy/safety-memory.ts`,
    from: 'if (isLost) this.#update({ quarantineUntilMs: lost.untilMs })',
    to: 'if (!isLost) this.#update({ quarantineUntilMs: lost.untilMs })',
    suites: [['unit', 'test/unit/model/policy', 'test/unit/model/cycle']],
  },
]
