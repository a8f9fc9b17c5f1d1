import { parentPort, workerData } from 'node:worker_threads'
import * as model from '@lxc-autoscale/model'
import { replay } from '@lxc-autoscale/replay'
import { score, withStart } from './score.mjs'
import { REPLAY, settingsOf } from './settings.mjs'

parentPort.on('message', ({ seriesIndex, coresStep, parameters }) => {
  const trace = withStart(workerData.traces[seriesIndex], coresStep)
  const sizer = new model.ContainerSizer({
    vmid: 100,
    settings: settingsOf(coresStep),
    policies: { adaptive: model.adaptiveWith(parameters) },
  })
  const run = replay(trace, sizer, REPLAY)
  parentPort.postMessage(score(trace, run))
})
