import { parentPort, workerData } from 'node:worker_threads'
import * as model from '@lxc-autoscale/model'
import { cutTrace, keptPast, replay } from '@lxc-autoscale/replay'
import { score, scoreFrom, withStart } from './score.mjs'
import { REPLAY, settingsOf } from './settings.mjs'

parentPort.on('message', job => {
  parentPort.postMessage(job.fromS === undefined ? wholeScore(job) : scoreAfter(job))
})

function wholeScore({ seriesIndex, coresStep, parameters }) {
  const trace = withStart(workerData.traces[seriesIndex], coresStep)
  const sizer = new model.ContainerSizer({
    vmid: 100,
    settings: settingsOf(coresStep),
    policies: { adaptive: model.adaptiveWith(parameters) },
  })
  return score(trace, replay(trace, sizer, REPLAY))
}

/** The first days after `fromS`, of a sizer that knows what Proxmox kept until then in `format`, or nothing, or has watched. */
function scoreAfter({ seriesIndex, coresStep, fromS, lengthS, format, isWatched }) {
  const whole = withStart(workerData.traces[seriesIndex], coresStep)
  if (isWatched) {
    const watched = cutTrace(whole, whole.timesS[0] - 1, fromS + lengthS - whole.timesS[0] + 1)
    const sizer = new model.ContainerSizer({ vmid: 100, settings: settingsOf(coresStep) })
    const from = watched.timesS.findIndex(timeS => timeS > fromS)
    return scoreFrom(from, watched, replay(watched, sizer, REPLAY))
  }
  const trace = cutTrace(whole, fromS, lengthS)
  const sizer = new model.ContainerSizer({ vmid: 100, settings: settingsOf(coresStep) })
  const steps = format === undefined ? [] : keptPast(whole, fromS, format)
  return scoreFrom(0, trace, replay(trace, warmed(sizer, steps, whole.utcOffsetMs), REPLAY))
}

/** A sizer that is told of its past as soon as it wants to know. */
function warmed(sizer, steps, utcOffsetMs) {
  const timesOf = clockMs => ({ timestampMs: clockMs, localTimeMs: clockMs + utcOffsetMs })
  return {
    observe(sample) {
      sizer.observe(sample)
      if (sizer.wantsPast) sizer.learnPast({ steps, timesOf })
    },
    decide: circumstances => sizer.decide(circumstances),
    applied: (...change) => sizer.applied(...change),
  }
}
