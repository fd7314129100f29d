"""The tables of services that list none, by name: their columns are asked for one by one.

Sources: "Data tables in the advanced hunting schema" of the Microsoft Defender XDR documentation; "Azure Resource
Graph table and resource type reference". A tenant may have more tables, and not all of these.
"""

from __future__ import annotations

HUNTING_TABLES: tuple[str, ...] = tuple(
    """
    AADSignInEventsBeta AADSpnSignInEventsBeta AlertEvidence AlertInfo BehaviorEntities BehaviorInfo CloudAppEvents
    CloudAuditEvents CloudProcessEvents CloudStorageAggregatedEvents DeviceBaselineComplianceAssessment
    DeviceBaselineComplianceAssessmentKB DeviceBaselineComplianceProfiles DeviceEvents DeviceFileCertificateInfo
    DeviceFileEvents DeviceImageLoadEvents DeviceInfo DeviceLogonEvents DeviceNetworkEvents DeviceNetworkInfo
    DeviceProcessEvents DeviceRegistryEvents DeviceTvmBrowserExtensions DeviceTvmCertificateInfo
    DeviceTvmHardwareFirmware DeviceTvmInfoGathering DeviceTvmInfoGatheringKB DeviceTvmSecureConfigurationAssessment
    DeviceTvmSecureConfigurationAssessmentKB DeviceTvmSoftwareEvidenceBeta DeviceTvmSoftwareInventory
    DeviceTvmSoftwareVulnerabilities DeviceTvmSoftwareVulnerabilitiesKB EmailAttachmentInfo EmailEvents
    EmailPostDeliveryEvents EmailUrlInfo ExposureGraphEdges ExposureGraphNodes GraphAPIAuditEvents
    IdentityDirectoryEvents IdentityInfo IdentityLogonEvents IdentityQueryEvents OAuthAppInfo UrlClickEvents
    """.split()
)

RESOURCE_GRAPH_TABLES: tuple[str, ...] = tuple(
    """
    Resources ResourceContainers AdvisorResources AlertsManagementResources AppServiceResources AuthorizationResources
    ChaosResources CommunityGalleryResources ComputeResources DesktopVirtualizationResources
    ExtendedLocationResources GuestConfigurationResources HealthResources InsightsResources IotSecurityResources
    KubernetesConfigurationResources MaintenanceResources NetworkResources PatchAssessmentResources
    PatchInstallationResources PolicyResources RecoveryServicesResources ResourceChanges ResourceContainerChanges
    SecurityResources ServiceHealthResources
    """.split()
)
