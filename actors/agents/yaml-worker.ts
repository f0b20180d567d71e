import { parentPort, workerData } from 'node:worker_threads'
import { readTree } from './yaml-tree.ts'

// `ready` starts the parent's clock: the time that a loaded machine needs to start a thread is not the text's fault.
parentPort?.postMessage('ready')
parentPort?.postMessage(readTree(String(workerData)))
