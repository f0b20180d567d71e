/** What stands in the rack: a fixed list, so that examples and tests can name a device. */
export type DeviceKind = 'stb' | 'phone' | 'tv' | 'web'

export interface DeviceSpec {
  id: string
  name: string
  kind: DeviceKind
  pool: string
  host: string
  labels: { platform: string; model: string; os: string; location: string }
  /** Where `cleanup` and a reboot leave it. */
  defaultChannel: number
}

interface Model {
  kind: DeviceKind
  model: string
  os: string
}

const STB: Model = { kind: 'stb', model: 'Vega 4K', os: 'rdk' }
const PHONE: Model = { kind: 'phone', model: 'Nova 9', os: 'android' }
const TV: Model = { kind: 'tv', model: 'Panorama 55', os: 'tizen' }
const WEB: Model = { kind: 'web', model: 'Chromium', os: 'linux' }

export const CATALOG: readonly DeviceSpec[] = [
  device('stb-1', 'Set-top box 1', STB, 'paris-1', 'rack A1', 1),
  device('stb-2', 'Set-top box 2', STB, 'paris-1', 'rack A2', 2),
  device('stb-3', 'Set-top box 3', STB, 'paris-2', 'rack B1', 3),
  device('stb-4', 'Set-top box 4', STB, 'paris-2', 'rack B2', 4),
  device('phone-1', 'Phone 1', PHONE, 'paris-1', 'shelf A', 11),
  device('phone-2', 'Phone 2', PHONE, 'paris-2', 'shelf B', 12),
  device('tv-1', 'Television 1', TV, 'paris-1', 'wall A', 21),
  device('tv-2', 'Television 2', TV, 'paris-2', 'wall B', 22),
  device('web-1', 'Browser 1', WEB, 'paris-1', 'desk A', 31),
  device('web-2', 'Browser 2', WEB, 'paris-2', 'desk B', 32),
]

function device(
  id: string,
  name: string,
  model: Model,
  host: string,
  location: string,
  defaultChannel: number,
): DeviceSpec {
  const labels = { platform: model.kind, model: model.model, os: model.os, location: `paris, ${location}` }
  return { id, name, kind: model.kind, pool: 'lab', host, labels, defaultChannel }
}
