/** Asks random pages below `folder`, each connection with a pause after every answer: wrk -s FILE URL -- PAGES PAUSE_MS */
export const WRK_SCRIPT = `
function init(args)
  math.randomseed(os.time())
  pages, pause = tonumber(args[1]), tonumber(args[2])
end
function request()
  return wrk.format("GET", wrk.path .. string.format("%04d", math.random(1, pages)), {["Accept-Encoding"] = "gzip"})
end
function delay() return pause end
`

const MS = { us: 0.001, ms: 1, s: 1_000, m: 60_000 }

/** One second of requests. @param load {url, pages, connections, pauseMs} */
export async function wrkSlice(run, { url, pages, connections, pauseMs }) {
  const words = ['-t', '1', '-c', connections, '-d', '1s', '--latency', '--timeout', '10s', '-s', '/load.lua', url]
  const output = await run('wrk', ...words, '--', pages, pauseMs)
  const [, requests, seconds] = /(\d+) requests in ([\d.]+)s/.exec(output)
  // There is none in a second in which nothing was answered.
  const [, p99, unit] = /^\s+99%\s+([\d.]+)(us|ms|s|m)$/m.exec(output) ?? []
  const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(output)?.slice(1) ?? []
  const refused = /Non-2xx or 3xx responses: (\d+)/.exec(output)?.[1] ?? 0
  const failed = [...errors, refused].reduce((sum, count) => sum + Number(count), 0)
  return { requests: Number(requests), failed, seconds: Number(seconds), p99Ms: p99 && Number(p99) * MS[unit] }
}
