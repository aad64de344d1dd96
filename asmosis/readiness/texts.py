"""What the platform says when it refuses, word for word, with its gaps as `{name}`.

Where Microsoft published two wordings, this is the one of 2018: recorded answers never use contractions.
"""

# Virtual networks
NETWORK_NOT_FOUND = (
    "Virtual network '{network}' not found. Either it does not exist or it is an Azure Resource Manager resource,"
    " which cannot be used with Cloud Services."
)
LOCKED = (
    "Storage account/HostedService/Virtual Network {name} is in the process of being migrated and hence cannot be"
    " changed"
)
INVALID_CIDR = "The address prefix {prefix} in resource {resource} has an invalid CIDR notation."

# Cloud services and their deployments
WEB_WORKER = (
    "Migration is not supported for Deployment {deployment} in HostedService {service} because it is a PaaS deployment"
    " (Web/Worker)."
)
SEVERAL_SETS = (
    "Migration is not supported for Deployment {deployment} in HostedService {service} because it has multiple"
    " Availability Sets."
)
PARTLY_IN_A_SET = (
    "Migration is not supported for Deployment {deployment} in HostedService {service} because it has VMs that are not"
    " part of the Availability Set even though the HostedService contains one."
)
IN_A_NETWORK = (
    "Deployment {deployment} in HostedService {service} belongs to Virtual Network {network}. Migrate Virtual Network"
    " {network} to migrate this HostedService {service}."
)
TWO_SLOTS = (
    "The deployment cannot be migrated because the deployment's cloud service has two occupied slots. Migration of"
    " cloud services is only supported for deployments that are the only deployment in their cloud service. Delete the"
    " other deployment in the cloud service to proceed with the migration of this deployment."
)
INTERMEDIATE_STATE = (
    "Deployment {deployment} in HostedService {service} is in intermediate state: {state}. Migration not allowed."
)
UPDATE_RUNNING = (
    "One or more VMs in Deployment {deployment} in HostedService {service} is undergoing an update operation. It can't"
    " be migrated until the previous operation completes successfully. Retry after sometime."
)
RESERVED_IP_WITHOUT_ENDPOINT = (
    "The deployment {deployment} in hosted service {service} has reserved IP(s) {addresses} but no endpoint on the"
    " reserved IP. To resolve this issue, add at least one endpoint to the reserved IP."
)
RESERVED_IP_WITHOUT_NAME = (
    "The deployment {deployment} in hosted service {service} has reserved IP(s) but no reserved IP name. To resolve"
    " this issue, update reserved IP name or contact the Microsoft Azure service desk."
)
NOT_REGIONAL = (
    "Migration is not allowed for Deployment {deployment} in HostedService {service} as it is not in the regional"
    " scope. Please refer to https://aka.ms/regionalscope for moving this deployment to regional scope."
)
SERVICE_LOCKED = (
    "Deployment {deployment} in HostedService {service} is in the process of being migrated and hence cannot be"
    " changed."
)
SERVICE_MOVING = (
    "Migration of Deployment {deployment} in HostedService {service} is in the process of being {step} and cannot be"
    " changed until it completes successfully."
)
SERVICE_NOT_PREPARED = "Deployment {deployment} in HostedService {service} has not been prepared for Migration."
SUBNET_ELSEWHERE = (
    "The subnet with ID '{subnet}' is in a different location than deployment '{deployment}' in hosted service"
    " '{service}'. The location for the subnet is '{there}' and the location for the hosted service is '{here}'."
    " Specify a subnet in the same location as the deployment."
)
GROUP_ELSEWHERE = "Invalid resource group location '{wanted}'. The Resource group already exists in location '{there}'."

# Virtual machines
MACHINE_LOCKED = "Management operations on VM are disallowed because migration is in progress"
MACHINE_STATE = (
    "Migration is not allowed for HostedService {service} because it has VM {machine} in State: {state}. Migration is"
    " allowed only when the VM is in one of the following states - Running, Stopped, Stopped Deallocated."
)
AGENT_NOT_READY = (
    "VM Agent for VM {machine} in HostedService {service} is reporting the overall agent status as Not Ready. Hence,"
    " the VM may not be migrated, if it has a migratable extension. Ensure that the VM Agent is reporting overall agent"
    " status as Ready. Refer to https://aka.ms/classiciaasmigrationfaqs."
)
EXTENSION_REPORTS_NOTHING = (
    "VM {machine} in HostedService {service} contains Extension {extension} whose Status is not being reported from"
    " the VM. Hence, this VM cannot be migrated. Ensure that the Extension status is being reported or uninstall the"
    " extension from the VM and retry migration."
)
EXTENSION_HANDLER = (
    "VM {machine} in HostedService {service} contains Extension {extension} reporting Handler Status: {status}. Hence,"
    " the VM cannot be migrated. Ensure that the Extension handler status being reported is {status} or uninstall it"
    " from the VM and retry migration."
)
XML_EXTENSION = (
    "VM {machine} in HostedService {service} contains Extension {extension} which is not supported in Azure Resource"
    " Manager. It is recommended to uninstall it from the VM before continuing with migration."
)
BACKUP_EXTENSION = (
    "VM {machine} in HostedService {service} contains Extension VMSnapshot/VMSnapshotLinux, which is currently not"
    " supported for Migration. Uninstall it from the VM and add it back using Azure Resource Manager after the"
    " Migration is Complete"
)
SLASH_IN_BLOB_NAME = (
    "VM {machine} in HostedService {service} contains Disk with MediaLink {link} which has blob name {blob} that is not"
    " supported in Azure Resource Manager."
)
TOO_MANY_DISKS = "The maximum number of data disks allowed to be attached to a VM of this size is {limit}."
ADDRESS_OUTSIDE_SUBNET = "Private static IP address {address} does not belong to the range of subnet prefix {prefix}."

# Storage accounts
ACCOUNT_NOT_FOUND = "The storage account '{account}' was not found."

# Subscriptions and what ARM has room for
NOT_REGISTERED = "Subscription is not registered for migration."
NOT_ADMITTED = (
    "The server failed to authenticate the request. Verify that the certificate is valid and is associated with this"
    " subscription."
)
QUOTA = (
    "The current quota for {resource} in Azure Resource Manager is insufficient to complete migration. Current quota is"
    " {limit}, additional needed is {needed}. File a support request to raise the quota and retry migration once the"
    " quota has been raised."
)
REGION = (
    "Migration of deployment {deployment} in cloud service {service} is not supported because it is in region {region}."
    " Allowed regions: [{regions}]."
)

# What stands beside or under classic resources
PLATFORM_SERVICES = (
    "Migration is not supported for Virtual Network {network} because it has non-gateway PaaS deployments."
)
DISK_SIZE = (
    "Deployment {deployment} in HostedService {service} contains a VM {machine} with Data Disk {disk} whose physical"
    " blob size {length} bytes does not match the VM Data Disk logical size {size} bytes. Migration will proceed"
    " without specifying a size for the data disk for the Azure Resource Manager VM."
)
DISK_UNREACHABLE = (
    "A storage exception occurred while validating data disk {disk} with media link {link} for VM {machine} in Cloud"
    " Service {service}. Please ensure that the VHD media link is accessible for this virtual machine"
)
