package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// withRuntime calls the container runtime for a pod, NAMESPACE/NAME.
func withRuntime(ctx context.Context, pod string,
	call func(context.Context, cri.RuntimeServiceClient, *cri.PodSandboxMetadata) error) error {
	metadata, err := split(pod)
	if err != nil {
		return err
	}

	connection, err := grpc.NewClient("unix://"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer connection.Close()

	return call(ctx, cri.NewRuntimeServiceClient(connection), metadata)
}

// split NAMESPACE/NAME; a pod's unique id is made of both.
func split(pod string) (*cri.PodSandboxMetadata, error) {
	namespace, name, found := strings.Cut(pod, "/")
	if !found {
		return nil, fmt.Errorf("%q is not NAMESPACE/NAME", pod)
	}

	return &cri.PodSandboxMetadata{Namespace: namespace, Name: name, Uid: namespace + "-" + name}, nil
}

// makeSandbox as the kubelet does, in the pod's own control group.
func makeSandbox(ctx context.Context, client cri.RuntimeServiceClient, metadata *cri.PodSandboxMetadata) error {
	made, err := client.RunPodSandbox(ctx, &cri.RunPodSandboxRequest{Config: &cri.PodSandboxConfig{
		Metadata:  metadata,
		Hostname:  metadata.GetName(),
		DnsConfig: &cri.DNSConfig{},
		Labels: map[string]string{
			"io.kubernetes.pod.name": metadata.GetName(), "io.kubernetes.pod.namespace": metadata.GetNamespace(),
			"io.kubernetes.pod.uid": metadata.GetUid(),
		},
		Linux: &cri.LinuxPodSandboxConfig{CgroupParent: "/kubepods/pod" + metadata.GetUid()},
	}})
	if err != nil {
		return err
	}

	answer, err := client.PodSandboxStatus(ctx, &cri.PodSandboxStatusRequest{PodSandboxId: made.GetPodSandboxId(), Verbose: true})
	if err != nil {
		return err
	}

	line, err := describe(answer)
	if err != nil {
		return err
	}

	fmt.Println(line)

	return nil
}

// describe a sandbox in a line of words.
func describe(answer *cri.PodSandboxStatusResponse) (string, error) {
	// containerd's own form; only the verbose answer has it.
	var verbose struct {
		Pid         int
		RuntimeSpec struct {
			Linux struct {
				Namespaces []struct{ Type, Path string }
			}
		}
	}

	if err := json.Unmarshal([]byte(answer.GetInfo()["info"]), &verbose); err != nil {
		return "", fmt.Errorf("verbose status: %w", err)
	}

	words := []string{answer.GetStatus().GetId(), strconv.Itoa(verbose.Pid)}

	for _, namespace := range verbose.RuntimeSpec.Linux.Namespaces {
		if namespace.Type == "network" {
			words = append(words, namespace.Path)
		}
	}

	network := answer.GetStatus().GetNetwork()
	words = append(words, network.GetIp())

	for _, address := range network.GetAdditionalIps() {
		words = append(words, address.GetIp())
	}

	return strings.Join(words, " "), nil
}

func removeSandbox(ctx context.Context, client cri.RuntimeServiceClient, metadata *cri.PodSandboxMetadata) error {
	list, err := client.ListPodSandbox(ctx, &cri.ListPodSandboxRequest{
		Filter: &cri.PodSandboxFilter{LabelSelector: map[string]string{"io.kubernetes.pod.uid": metadata.GetUid()}},
	})
	if err != nil {
		return err
	}

	for _, item := range list.GetItems() {
		if _, err := client.StopPodSandbox(ctx, &cri.StopPodSandboxRequest{PodSandboxId: item.GetId()}); err != nil {
			return err
		}

		if _, err := client.RemovePodSandbox(ctx, &cri.RemovePodSandboxRequest{PodSandboxId: item.GetId()}); err != nil {
			return err
		}
	}

	return nil
}
