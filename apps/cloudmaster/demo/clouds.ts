/** Stand-ins for the four clouds. */
import type { Azure } from "../simulator/azure/server.ts";
import { startAzure } from "../simulator/azure/server.ts";
import type { Ec2 } from "../simulator/ec2/server.ts";
import { startEc2 } from "../simulator/ec2/server.ts";
import type { Gcp } from "../simulator/gcp/server.ts";
import { startGcp } from "../simulator/gcp/server.ts";
import type { VsphereStandIn } from "../simulator/vsphere/server.ts";
import { startVsphere } from "../simulator/vsphere/server.ts";

export interface Clouds {
  readonly ec2: Ec2;
  readonly azure: Azure;
  readonly gcp: Gcp;
  readonly vsphere: VsphereStandIn;
  /** Names of everything that would cost money there. */
  left(): string[];
  close(): Promise<void>;
}

/** @param transitionMs how long each cloud takes for a machine; milliseconds */
export async function startClouds(transitionMs = 500): Promise<Clouds> {
  const [ec2, azure, gcp, vsphere] = await Promise.all([
    startEc2({ transitionMs }),
    startAzure({ transitionMs }),
    startGcp({ transitionMs }),
    startVsphere({ transitionMs }),
  ]);
  const living = () => ec2.machines().flatMap(({ state, name }) => (state === "terminated" ? [] : [`aws ${name}`]));
  return {
    ...{ ec2, azure, gcp, vsphere },
    left: () => [...living(), ...azure.resources(), ...gcp.resources(), ...vsphere.machines()],
    close: async () => {
      await Promise.all([ec2.close(), azure.close(), gcp.close(), vsphere.close()]);
    },
  };
}
