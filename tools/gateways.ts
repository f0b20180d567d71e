import { AppError } from '../core/errors.ts'
import type { Gateways } from '../core/gateways.ts'
import { parseGateways } from './allowed-hosts.ts'
import { gatewayAddress } from './gateway.ts'
import { sendToNeighbour } from './http-client.ts'

const MAX_PICTURE_BYTES = 8 * 1024 * 1024

/** `allowed` are hosts and networks where gateways may be; empty: wherever a lab can be. Throws `config.invalid`. */
export function createGateways(allowed: readonly string[]): Gateways {
  return {
    admit: parseGateways(allowed),
    async screenshot(device, signal) {
      const url = gatewayAddress(device, '/screenshot')
      const headers = { accept: 'image/png, image/jpeg' }
      const { status, bytes } = await sendToNeighbour(
        { method: 'GET', url, headers, body: undefined },
        { signal, maxBytes: MAX_PICTURE_BYTES },
      )
      if (status !== 200) throw new AppError('tool.unavailable', `The gateway of ${device.id} answered ${status}`)
      return bytes
    },
  }
}
