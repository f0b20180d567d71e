import { parentPort, workerData } from 'node:worker_threads'
import { readTree } from './yaml-tree.ts'

parentPort?.postMessage(readTree(String(workerData)))
