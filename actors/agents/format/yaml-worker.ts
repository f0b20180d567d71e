import { parentPort } from 'node:worker_threads'
import { readTree } from './yaml-tree.ts'

parentPort?.on('message', (text: string) => parentPort?.postMessage(readTree(text)))
