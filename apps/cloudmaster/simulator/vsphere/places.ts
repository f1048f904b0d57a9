/** The places of the pretended vCenter, as the published secret file names them. */
export const PLACES = {
  datacenter: { id: "datacenter-1", name: "SDDC-Datacenter" },
  folder: { id: "group-v3", name: "Workloads" },
  pool: { id: "resgroup-8", name: "Compute-ResourcePool" },
} as const;
export const FOLDER_PATH = `/${PLACES.datacenter.name}/vm/${PLACES.folder.name}`;
